/** Time limits for clients. */
export interface FrontLimits {
  /** A connection without a request is closed after this long, milliseconds. */
  idleMs: number
  /** Longest time from the first byte of a head to its end. */
  headMs: number
  /** Within this time, an awaited body must deliver `bodyBytes`, or end. */
  bodyMs: number
  bodyBytes: number
  /** Within this time, queued bytes must make progress. */
  writeMs: number
  /** After an answer that closes the connection, the client has this long to close its side. */
  lingerMs: number
  /** How often the limits are checked. */
  sweepMs: number
}

export const defaultFrontLimits: FrontLimits = {
  idleMs: 30_000,
  headMs: 30_000,
  bodyMs: 30_000,
  bodyBytes: 16 * 1024,
  writeMs: 30_000,
  lingerMs: 10_000,
  sweepMs: 1000,
}
