/** How long a client may take for what, and how much it may leave unread. */
export interface FrontLimits {
  /** A connection without a request is closed after this long, milliseconds. */
  idleMs: number
  /** From the first byte of a head to its end. */
  headMs: number
  /** Within this long a body that is waited for must bring `bodyBytes`, or its end. */
  bodyMs: number
  bodyBytes: number
  /** What was written and waits must move within this long. */
  writeMs: number
  /** After an answer that closes the connection the client gets this long to close its side. */
  lingerMs: number
  /** How often all of this is looked at. */
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
