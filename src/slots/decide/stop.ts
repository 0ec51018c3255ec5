/** A stop that fails is reported and retried. */
import type { Hal0Error } from '../../lib/hal0-error.ts'
import { stopRetryS } from '../machine/restart-policy.ts'
import { notStopped } from '../machine/slot-errors.ts'
import { failure } from './flow.ts'
import type { Step } from './step.ts'

/**
 * The process survives SIGKILL (stuck in the kernel), or the supervisor refused. The slot is not offline while something of it
 * runs: it is in error, with the reason, and the stop is retried for as long as necessary. Then offline follows automatically. If
 * the process dies by itself in the meantime, that is noticed too.
 */
export const stopFailed = (step: Step, error: Hal0Error): void => {
  const { m } = step
  if (m.process !== 'stopping') return
  const tries = (m.stopFailure?.tries ?? 0) + 1
  const told = notStopped(m.record.name, error, tries)
  m.stopFailure = { tries, error: told }
  step.setTimer('stop', stopRetryS(tries))
  if (step.state !== 'unloading') return
  step.enter('error', failure(told, m.record.intent))
  m.acknowledged = true
}

/** Retries the stop at once if an earlier attempt has failed. */
export const retryStop = (step: Step): void => {
  const { m } = step
  if (m.process !== 'stopping' || m.stopFailure === null) return
  step.clearTimers('stop')
  step.effects.push({ do: 'stop', attempt: m.attempt })
}
