/** The numbers of a download, in one place; tests make them small. */
export interface DownloadSettings {
  /** Bytes asked for by one request. Small enough that a drop costs little, large enough that a request's delay does not count. */
  segmentBytes: number
  /** Bytes of a file that are fetched before it is judged by them; the rest follows when nothing is against it. */
  headBytes: number
  /** Connections at one time, at most; one gets about 40 MB/s from the usual CDNs. */
  maxConnections: number
  /** Without a byte for this long a connection is given up. */
  stallMs: number
  /** Failures in a row, without progress between them, after which a pull gives up. */
  maxFailures: number
  /** Upper bound of the first random delay; it doubles with every failure up to `longestDelayMs`. */
  firstDelayMs: number
  longestDelayMs: number
  /** An origin that wants a longer pause than this is not waited for. */
  longestRetryAfterMs: number
  /** Bytes that have to arrive between two failures to make the second one count as the first. */
  progressBytes: number
  /** What was written is recorded as written after this long, or after half a segment. */
  journalMs: number
  /** Left free on the disk beside the files. */
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
