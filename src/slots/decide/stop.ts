/** A stop that fails: told, and tried again. */
import type { Hal0Error } from '../../lib/hal0-error.ts'
import { stopRetryS } from '../machine/restart-policy.ts'
import { notStopped } from '../machine/slot-errors.ts'
import { failure } from './flow.ts'
import type { Step } from './step.ts'

/**
 * The process survives SIGKILL (stuck in the kernel), or the supervisor refused. The slot is not offline while something of it
 * runs: it is in error, which says why, and the stop is tried again for as long as it takes; then offline follows by itself. A
 * death without a stop is heard of meanwhile.
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

/** Tries the stop again at once, where an earlier try has failed. */
export const retryStop = (step: Step): void => {
  const { m } = step
  if (m.process !== 'stopping' || m.stopFailure === null) return
  step.clearTimers('stop')
  step.effects.push({ do: 'stop', attempt: m.attempt })
}
