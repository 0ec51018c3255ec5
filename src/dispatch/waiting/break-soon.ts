import type { Answer } from '../../lib/http/incoming.ts'

/**
 * Time for the client to read the last event, milliseconds. When a connection breaks, the streams of fetch drop what has arrived but was
 * not read: Anthropic's client then said only that the connection was closed.
 */
const readLastEventMs = 100

/** Cuts the answer off once its client has had time to read the last event, which says why. */
export const breakSoon = (answer: Answer): void => {
  setTimeout(() => answer.break(), readLastEventMs)
}
