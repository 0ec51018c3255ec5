/** The messages of a slot's queue: it is full, or the wait in it has taken too long. */
import { duration } from '../../lib/figures.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { unknownS } from './slot-errors.ts'

/** The longest Retry-After of a queue, seconds: OpenAI's clients ignore longer ones, and try again at once. */
const longestRetryS = 60

/** When to try again at a slot with a queue, and the facts for the details. @param waitMs what one more request has to expect */
const tryAgain = (waitMs: number | null): { retryAfterS: number; when: string; expected_wait_s: number | null } => {
  if (waitMs === null) return { retryAfterS: unknownS, when: 'Try again in a few seconds', expected_wait_s: null }
  const retryAfterS = Math.min(longestRetryS, Math.max(1, Math.ceil(waitMs / 1000)))
  return { retryAfterS, when: `Try again in ${duration(retryAfterS)}`, expected_wait_s: Math.round(waitMs) / 1000 }
}

/** @param gaveWay the request waited, and makes room for one of a caller with fewer of them */
export const queueFull = (
  name: string,
  { inFlight, waiting }: { inFlight: number; waiting: readonly unknown[] },
  gaveWay: boolean,
  waitMs: number | null,
): Hal0Error => {
  const { retryAfterS, when, expected_wait_s } = tryAgain(waitMs)
  const turns = gaveWay ? ' This one was the last of the caller with the most, and makes room for another caller.' : ''
  return new Hal0Error(
    'slot.queue_full',
    `Slot ${name} is busy: ${inFlight} ${inFlight === 1 ? 'request is' : 'requests are'} being served and ${waiting.length} wait.${turns} ${when}, or raise max_in_flight or queue_length.`,
    { details: { slot: name, in_flight: inFlight, waiting: waiting.length, expected_wait_s }, retryAfterS },
  )
}

export const waitedTooLong = (name: string, seconds: number, waitMs: number | null): Hal0Error => {
  const { retryAfterS, when, expected_wait_s } = tryAgain(waitMs)
  return new Hal0Error(
    'slot.queue_full',
    `Slot ${name} had no place for this request within ${seconds} s. ${when}, or raise max_in_flight or queue_wait_s.`,
    { details: { slot: name, queue_wait_s: seconds, expected_wait_s }, retryAfterS },
  )
}
