/** The pure decider: a slot's machine and one input make the next machine and the effects. No clock, no I/O, no promise. */
import { acknowledge, cancel, deleteSlot, load, restart, unload } from './decide-commands.ts'
import { found } from './decide-found.ts'
import {
  answered,
  commitFailed,
  committed,
  exited,
  launchFailed,
  probeFailed,
  ready,
  spawned,
  stopFailed,
} from './decide-load.ts'
import { pullCancelled, pulled, pullFailed } from './decide-pull.ts'
import { configured, leave, release, request } from './decide-requests.ts'
import { timer } from './decide-timers.ts'
import type { Context, Decision, Input, Machine } from './machine.ts'
import { slotNotFound } from './slot-errors.ts'
import { Step } from './step.ts'

const apply = (step: Step, input: Input): Decision['refused'] => {
  switch (input.kind) {
    case 'load':
      return load(step)
    case 'unload':
      return unload(step)
    case 'restart':
      return restart(step)
    case 'acknowledge':
      return acknowledge(step)
    case 'cancel':
      return cancel(step)
    case 'delete':
      return deleteSlot(step)
    case 'configured':
      configured(step)
      return null
    case 'request':
      request(step, input.id)
      return null
    case 'leave':
      leave(step, input.id)
      return null
    case 'release':
      release(step)
      return null
    case 'timer':
      timer(step, input.timer)
      return null
    case 'found':
      found(step, input.found)
      return null
    case 'pulled':
      pulled(step, input.attempt)
      return null
    case 'pull-failed':
      pullFailed(step, input.attempt, input.error)
      return null
    case 'pull-cancelled':
      pullCancelled(step, input.attempt)
      return null
    case 'committed':
      committed(step)
      return null
    case 'commit-failed':
      commitFailed(step, input.error)
      return null
    default:
      // The rest are reports about one process; those about an earlier one, or after its end, are stale.
      if (input.attempt !== step.m.attempt || step.m.process === 'none') return null
  }
  switch (input.kind) {
    case 'spawned':
      spawned(step, input.pid)
      break
    case 'launch-failed':
      launchFailed(step, input.error)
      break
    case 'answered':
      answered(step)
      break
    case 'ready':
      ready(step)
      break
    case 'probe-failed':
      probeFailed(step, input.error)
      break
    case 'exited':
      exited(step, input)
      break
    case 'stop-failed':
      stopFailed(step, input.error)
      break
  }
  return null
}

const afterDeletion = (machine: Machine, input: Input): Decision => {
  const error = slotNotFound(machine.record.name)
  const effects: Decision['effects'] = input.kind === 'request' ? [{ do: 'refuse', id: input.id, error }] : []
  return { machine, effects, refused: error }
}

/** @returns the machine after `input`, what is to be done, and why a command was refused */
export const decide = (machine: Machine, input: Input, context: Context): Decision => {
  if (machine.deleted) return afterDeletion(machine, input)
  const step = new Step(machine, context)
  const refused = apply(step, input)
  return refused === null ? { machine: step.m, effects: step.effects, refused } : { machine, effects: [], refused }
}
