/** What the commands of the API do in each state. A refused command changes nothing. */
import type { Hal0Error } from '../../lib/hal0-error.ts'
import { acknowledgedReason, loadCancelled, refusedCommand } from '../machine/slot-errors.ts'
import { isLoaded, isLoading } from '../machine/states.ts'
import { isBeginning, isPromised, promiseLoad, promiseRestart, withdraw } from './commit.ts'
import { beginLoad, beginUnload, fail, retryStop, stopProcess } from './flow.ts'
import { cancelPull, leavePulling } from './pull.ts'
import type { Step } from './step.ts'

type Refusal = Hal0Error | null

const refuse = (step: Step, command: string, hint = ''): Hal0Error =>
  refusedCommand(step.m.record.name, command, step.state, hint)

/** Loads the slot. Joins a load under way, and does nothing if the slot is loaded. An error is acknowledged first. */
export const load = (step: Step): Refusal => {
  const { m, context } = step
  if (isBeginning(step)) {
    // The cancellation is still carried out, and the load follows it.
    if (m.meanwhile === 'cancel') m.meanwhile = 'restart'
    return null
  }
  if (isLoaded(step.state) || isLoading(step.state) || step.state === 'pulling' || m.committing !== null) return null
  if (context.obstacle !== null) return context.obstacle
  retryStop(step)
  if (step.state === 'offline' && m.process !== 'stopping') beginLoad(step)
  else if (step.state === 'error' && m.process === 'none') {
    step.commit(step.nextRecord('offline', { reason: 'acknowledged by a load', intent: 'load' }))
  } else if (!isPromised(step)) promiseLoad(step)
  // A load that was scheduled for later begins as soon as nothing runs.
  m.due = null
  return null
}

/** Stops a loaded slot. A load under way is cancelled, and a promised one is withdrawn. */
export const unload = (step: Step): Refusal => {
  const { state } = step
  if (isLoaded(state) && step.m.committing === null) beginUnload(step, 'unload requested')
  else if (isPromised(step) || isBeginning(step) || isLoading(state) || state === 'pulling') return cancel(step)
  else if (state !== 'unloading' && !(state === 'error' && step.m.acknowledged))
    return refuse(step, 'unload', state === 'error' ? `Acknowledge it: hal0 slot ack ${step.m.record.name}` : '')
  retryStop(step)
  return null
}

/** Stops a running slot and loads it again; a slot that is not running is just loaded. */
export const restart = (step: Step): Refusal => {
  const { m, context } = step
  if (context.obstacle !== null) return context.obstacle
  if (isBeginning(step)) m.meanwhile = 'restart'
  else if (m.committing !== null) return null
  else if (isLoaded(step.state))
    step.commit(step.nextRecord('unloading', { reason: 'restart requested', intent: 'load' }))
  else if (isLoading(step.state)) promiseRestart(step)
  else if (step.state === 'pulling') leavePulling(step, true)
  else return load(step)
  return null
}

/** Cancels a load: starting or warming → error (`slot.load_cancelled`) → offline (spec §2.1); pulling → offline. */
export const cancel = (step: Step): Refusal => {
  const { m } = step
  if (isBeginning(step)) m.meanwhile = 'cancel'
  else if (isPromised(step)) {
    withdraw(step)
    if (step.state === 'error') acknowledged(step)
    retryStop(step)
  } else if (isLoading(step.state)) fail(step, loadCancelled(m.record.name, 'it was asked for'), { acknowledged: true })
  else if (step.state === 'pulling') {
    cancelPull(step, m.record.pull)
    leavePulling(step, false)
  } else if (step.state !== 'error' || !m.acknowledged) {
    return refuse(step, 'cancel a load of', 'No load is under way.')
  }
  return null
}

/** The error leads to offline once the failed process is gone. Until then the record says so, for a daemon that comes after this one. */
const acknowledged = (step: Step): void => {
  step.m.acknowledged = true
  if (step.m.process !== 'none') step.restate({ reason: acknowledgedReason })
  stopProcess(step)
}

/** error → offline, once the failed process is gone. A load that was about to follow is dropped. */
export const acknowledge = (step: Step): Refusal => {
  if (step.state !== 'error') return refuse(step, 'acknowledge an error of', 'There is none.')
  if (isPromised(step)) withdraw(step)
  if (step.state === 'error') acknowledged(step)
  retryStop(step)
  return null
}

/** A slot can be deleted only when it is offline and has no processes. */
export const deleteSlot = (step: Step): Refusal => {
  const { m } = step
  if (step.state !== 'offline' || m.committing !== null || m.process !== 'none' || isPromised(step)) {
    const loaded = isLoaded(step.state) || isLoading(step.state) || step.state === 'pulling' || m.committing !== null
    return refuse(
      step,
      'delete',
      loaded ? `Unload it first: hal0 slot unload ${m.record.name}` : 'Only an offline slot can be deleted.',
    )
  }
  m.deleted = true
  return null
}
