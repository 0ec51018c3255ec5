/** Whether and when to retry a failed request: exponential back-off with full jitter. Pure. */
import type { DownloadSettings } from './settings.ts'

type Patience = Pick<
  DownloadSettings,
  'maxFailures' | 'firstDelayMs' | 'longestDelayMs' | 'longestRetryAfterMs' | 'progressBytes'
>

export interface Retries {
  /** Failures in a row, without progress. */
  failures: number
  /** Bytes received when the count started. */
  received: number
  /** When the last counted failure happened, ms. */
  lastAt: number
}

export const noFailures: Retries = { failures: 0, received: 0, lastAt: Number.NEGATIVE_INFINITY }

export interface Failure {
  /** ms */
  now: number
  /** When the failed request was sent, ms. */
  startedAt: number
  /** Bytes received so far; never decreases. */
  received: number
  /** The wait that the origin asked for, ms; null: none. */
  retryAfterMs: number | null
}

/**
 * @param random 0 ≤ x < 1
 * @returns `delayMs` null: give up. Requests that were under way when another one failed are part of the same failure: one outage
 *   breaks all connections and counts once.
 */
export const afterFailure = (
  state: Retries,
  failure: Failure,
  random: number,
  patience: Patience,
): { state: Retries; delayMs: number | null } => {
  const { now, startedAt, received, retryAfterMs } = failure
  const progressed = received - state.received >= patience.progressBytes
  const same = startedAt < state.lastAt && !progressed
  const failures = progressed ? 1 : same ? state.failures : state.failures + 1
  const next: Retries = {
    failures,
    received: progressed ? received : state.received,
    lastAt: same ? state.lastAt : now,
  }
  if (failures > patience.maxFailures) return { state: next, delayMs: null }
  if (retryAfterMs !== null && retryAfterMs > patience.longestRetryAfterMs) return { state: next, delayMs: null }
  const bound = Math.min(patience.longestDelayMs, patience.firstDelayMs * 2 ** Math.max(0, failures - 1))
  return { state: next, delayMs: Math.max(random * bound, retryAfterMs ?? 0) }
}
