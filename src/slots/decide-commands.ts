/** What the commands of the API do in each state. A refused command changes nothing. */
import type { Hal0Error } from '../lib/hal0-error.ts'
import { beginLoad, beginUnload, fail, settle } from './decide-flow.ts'
import { endPull } from './decide-pull.ts'
import { loadCancelled, refusedCommand } from './slot-errors.ts'
import { isLoaded, isLoading } from './states.ts'
import type { Step } from './step.ts'

type Refusal = Hal0Error | null

/** A load is under way, the pull before it and the write of its beginning included. */
const isUnderWay = (step: Step): boolean =>
  isLoading(step.state) || step.state === 'pulling' || step.m.committing !== null

const refuse = (step: Step, command: string, hint = ''): Hal0Error =>
  refusedCommand(step.m.record.name, command, step.state, hint)

/** Loads the slot; joins a load under way, and is content with a slot that is loaded. An error is acknowledged first. */
export const load = (step: Step): Refusal => {
  const { m, context } = step
  if (isLoaded(step.state) || isUnderWay(step) || m.after === 'load') return null
  if (step.state === 'offline' || step.state === 'error') {
    if (context.obstacle !== null) return context.obstacle
    step.clearTimers('restart')
    if (step.state === 'offline') beginLoad(step)
    else {
      m.after = 'load'
      if (m.process === 'none') settle(step)
    }
    return null
  }
  return refuse(step, 'load', 'Wait until it is offline.')
}

/** Stops a loaded slot; a load under way is cancelled. */
export const unload = (step: Step): Refusal => {
  if (isLoaded(step.state)) {
    beginUnload(step, 'unload requested', 'stay')
    return null
  }
  if (isUnderWay(step) || step.m.after === 'load') return cancel(step)
  if (step.state === 'unloading') return null
  return refuse(step, 'unload', step.state === 'error' ? `Acknowledge it: hal0 slot ack ${step.m.record.name}` : '')
}

/** Stops what runs and loads again; what does not run is loaded. */
export const restart = (step: Step): Refusal => {
  const { m, context } = step
  if (context.obstacle !== null) return context.obstacle
  if (isLoaded(step.state)) beginUnload(step, 'restart requested', 'load')
  else if (isLoading(step.state)) fail(step, loadCancelled(m.record.name, 'a restart was requested'), 'load')
  else if (m.committing !== null || step.state === 'unloading') m.after = 'load'
  else if (step.state === 'pulling') endPull(step, true)
  else return load(step)
  return null
}

/** Cancels a load: starting or warming → error (`slot.load_cancelled`) → offline (spec §2.1); pulling → offline. */
export const cancel = (step: Step): Refusal => {
  const { m } = step
  if (isLoading(step.state)) {
    fail(step, loadCancelled(m.record.name, 'it was asked for'), 'offline')
    return null
  }
  if (m.committing !== null) {
    m.after = 'offline'
    return null
  }
  if (step.state === 'pulling') {
    endPull(step, false)
    return null
  }
  if (m.after === 'load' || (step.state === 'error' && m.after === 'offline')) {
    // A load that waits for the end of the last process, or a cancellation that does.
    if (m.after === 'load') m.after = step.state === 'error' ? 'offline' : 'stay'
    return null
  }
  return refuse(step, 'cancel a load of', 'There is none under way.')
}

/** error → offline, once the failed process is gone. */
export const acknowledge = (step: Step): Refusal => {
  const { m } = step
  if (step.state !== 'error') return refuse(step, 'acknowledge an error of', 'There is none.')
  step.clearTimers('restart')
  if (m.after === 'stay') m.after = 'offline'
  if (m.process === 'none') settle(step)
  return null
}

/** Only an offline slot of which nothing runs can be deleted. */
export const deleteSlot = (step: Step): Refusal => {
  const { m } = step
  if (step.state !== 'offline' || m.committing !== null || m.process !== 'none' || m.after === 'load') {
    const loaded = isLoaded(step.state) || isUnderWay(step)
    return refuse(
      step,
      'delete',
      loaded ? `Unload it first: hal0 slot unload ${m.record.name}` : 'Only an offline slot can be deleted.',
    )
  }
  m.deleted = true
  return null
}
