/** The parameters of a download, in one place; tests make them small. */
export interface DownloadSettings {
  /** Bytes per request. Small enough that a dropped connection costs little, large enough that a request's latency does not matter. */
  segmentBytes: number
  /** Bytes of a file that are fetched and checked first; the rest follows if the check succeeds. */
  headBytes: number
  /** Maximum number of simultaneous connections; one gets about 40 MB/s from the usual CDNs. */
  maxConnections: number
  /** A connection without a byte for this long is closed. */
  stallMs: number
  /** Number of failures in a row without progress after which a pull fails. */
  maxFailures: number
  /** Upper bound of the first random delay; it doubles with every failure up to `longestDelayMs`. */
  firstDelayMs: number
  longestDelayMs: number
  /** A pull does not wait for an origin that asks for a longer pause than this. */
  longestRetryAfterMs: number
  /** If this many bytes arrive between two failures, the second one counts as the first again. */
  progressBytes: number
  /** Written data is recorded after this time, or after half a segment. */
  journalMs: number
  /** Disk space to leave free, bytes. */
  reserveBytes: number
}

export const defaultSettings: DownloadSettings = {
  segmentBytes: 16 * 1024 * 1024,
  headBytes: 2 * 1024 * 1024,
  maxConnections: 8,
  stallMs: 30_000,
  maxFailures: 10,
  firstDelayMs: 1000,
  longestDelayMs: 30_000,
  longestRetryAfterMs: 15 * 60_000,
  progressBytes: 64 * 1024,
  journalMs: 1000,
  reserveBytes: 256 * 1024 * 1024,
}
