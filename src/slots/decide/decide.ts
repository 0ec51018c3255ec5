/** The pure decider: from a slot's machine and one input, it makes the next machine and the effects. No clock, no I/O, no promises. */

import type { Context, Decision, Input, Machine } from '../machine/machine.ts'
import { slotNotFound } from '../machine/slot-errors.ts'
import { acknowledge, cancel, deleteSlot, load, restart, unload } from './commands.ts'
import { commitFailed, committed } from './commit.ts'
import { stopFailed } from './flow.ts'
import { found } from './found.ts'
import { answered, exited, launchFailed, probeFailed, ready, spawned } from './load.ts'
import { pullCancelled, pulled, pullFailed } from './pull.ts'
import { configured, leave, release, request } from './requests.ts'
import { healthy } from './silence.ts'
import { Step } from './step.ts'
import { timer } from './timers.ts'

/** Whether an input is about an earlier process, or one that has ended. */
const isStale = ({ m }: Step, input: Extract<Input, { attempt: number }>): boolean =>
  input.attempt !== m.attempt || (m.process === 'none' && !input.kind.startsWith('pull'))

const report = (step: Step, input: Extract<Input, { attempt: number }>): void => {
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
    case 'healthy':
      healthy(step)
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
    case 'pulled':
      pulled(step)
      break
    case 'pull-failed':
      pullFailed(step, input.error)
      break
    case 'pull-cancelled':
      pullCancelled(step)
      break
  }
}

/** Whether an input has to wait: it might change the state, and the record being written would then overwrite that. */
const canWait = (input: Input): boolean =>
  input.kind === 'found' ||
  (input.kind === 'timer' && input.timer !== 'waiting') ||
  ('attempt' in input && input.kind !== 'spawned')

const apply = (step: Step, input: Input): Decision['refused'] => {
  if ('attempt' in input && isStale(step, input)) return null
  if (step.m.committing !== null && canWait(input)) {
    step.m.postponed = [...step.m.postponed, input]
    return null
  }
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
    case 'delete-failed':
      break
    case 'configured':
      configured(step)
      break
    case 'request':
      request(step, input)
      break
    case 'leave':
      leave(step, input.id)
      break
    case 'release':
      release(step, input.since ?? null)
      break
    case 'timer':
      timer(step, input.timer)
      break
    case 'found':
      found(step, input)
      break
    case 'committed':
      committed(step)
      break
    case 'commit-failed':
      commitFailed(step, input.error)
      break
    default:
      report(step, input)
  }
  return null
}

/** Handles the inputs that were postponed while a record was being written. */
const catchUp = (step: Step): void => {
  const { m } = step
  while (m.committing === null) {
    const [next, ...later] = m.postponed
    if (next === undefined) return
    m.postponed = later
    apply(step, next)
  }
}

const afterDeletion = (machine: Machine, input: Input): Decision => {
  if (input.kind === 'delete-failed') return { machine: { ...machine, deleted: false }, effects: [], refused: null }
  const error = slotNotFound(machine.record.name)
  const effects: Decision['effects'] = input.kind === 'request' ? [{ do: 'refuse', id: input.id, error }] : []
  return { machine, effects, refused: error }
}

/** @returns the machine after `input`, the effects, and why a command was refused */
export const decide = (machine: Machine, input: Input, context: Context): Decision => {
  if (machine.deleted) return afterDeletion(machine, input)
  const step = new Step(machine, context)
  const refused = apply(step, input)
  catchUp(step)
  return refused === null ? { machine: step.m, effects: step.effects, refused } : { machine, effects: [], refused }
}
