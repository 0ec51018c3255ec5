/** The moves that several decisions share: begin a load, begin a stop, fail, and go on once nothing runs. */
import type { Hal0Error } from '../lib/hal0-error.ts'
import { refuseWaiting } from './decide-waiting.ts'
import { unloading } from './slot-errors.ts'
import type { Step } from './step.ts'

/**
 * Begins a load from offline, with a pull where the model is not here. The transition is written before anything is started:
 * whatever kills the daemon afterwards, the next one knows that this slot was being loaded. Until it is durable the slot is
 * offline.
 */
export const beginLoad = (step: Step): void => {
  const { m, context } = step
  if (m.process !== 'none') {
    m.after = 'load'
    return
  }
  m.pid = null
  m.after = 'stay'
  const { missing } = context
  if (missing === null) m.committing = step.nextRecord('starting', { reason: 'load requested' })
  else m.committing = step.nextRecord('pulling', { reason: 'the model is not here yet', pull: missing })
  step.effects.push({ do: 'commit', record: m.committing })
}

/** ready, serving or idle → unloading; what is in flight is taken back. */
export const beginUnload = (step: Step, reason: string, after: 'stay' | 'load'): void => {
  const { m } = step
  step.clearTimers('linger', 'idle', 'unload')
  step.enter('unloading', { reason })
  m.after = after
  m.lingering = false
  const error = unloading(m.record.name)
  revoke(step, error)
  refuseWaiting(step, error)
  stopProcess(step)
}

/** The places that were granted are void: the owner drops their leases and reports no release of them. */
const revoke = (step: Step, error: Hal0Error): void => {
  if (step.m.inFlight > 0) step.effects.push({ do: 'revoke', error })
  step.m.inFlight = 0
}

const stopProcess = (step: Step): void => {
  const { m } = step
  if (m.process === 'none') settle(step)
  else if (m.process !== 'stopping') {
    m.process = 'stopping'
    step.effects.push({ do: 'stop', attempt: m.attempt })
  }
}

/** Enters error from any state that may (an idle slot goes through ready), and ends the process. */
export const fail = (step: Step, error: Hal0Error, after: 'stay' | 'offline' | 'load' = 'stay'): void => {
  const { m } = step
  step.clearTimers('load', 'linger', 'idle', 'unload', 'restart')
  if (step.state === 'idle') step.enter('ready', { reason: 'a failure was noticed while idle' })
  const body = error.body()
  step.enter('error', { reason: body.message, error: body })
  m.after = after
  m.loadBegan = null
  m.lingering = false
  revoke(step, error)
  refuseWaiting(step, error)
  stopProcess(step)
}

/** Nothing of the slot runs any more: what was to follow, follows. */
export const settle = (step: Step): void => {
  const { m } = step
  m.process = 'none'
  m.pid = null
  const after = m.after
  m.after = 'stay'
  if (step.state === 'unloading') step.enter('offline', { reason: 'unloaded' })
  else if (step.state === 'error' && after !== 'stay') step.enter('offline', { reason: 'acknowledged' })
  if (after === 'load' && step.state === 'offline') {
    const { obstacle } = step.context
    if (obstacle === null) beginLoad(step)
    else {
      step.enter('error', { reason: obstacle.message, error: obstacle.body() })
      refuseWaiting(step, obstacle)
    }
  }
}
