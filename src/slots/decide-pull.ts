/** A load whose model is not here yet: offline → pulling → starting (spec §3). */
import type { Hal0Error } from '../lib/hal0-error.ts'
import { beginLoad, fail } from './decide-flow.ts'
import { refuseWaiting } from './decide-waiting.ts'
import { pulling } from './slot-errors.ts'
import type { Step } from './step.ts'

const bring = (step: Step): void => {
  const { m } = step
  if (m.record.pull === null) return
  step.effects.push({ do: 'pull', attempt: m.attempt, model: m.record.pull })
}

/** The model is here: the load goes on. Until the transition is durable the slot is pulling. */
const goOn = (step: Step): void => {
  const { m } = step
  m.after = 'stay'
  m.committing = step.nextRecord('starting', { reason: 'the model is here' })
  step.effects.push({ do: 'commit', record: m.committing })
}

/** The transition to pulling is durable. */
export const pullBegun = (step: Step): void => {
  const { m, context } = step
  if (m.after !== 'stay') {
    leavePulling(step, m.after === 'load')
    return
  }
  // A pull takes minutes: nobody waits for it (spec §2.2).
  refuseWaiting(step, pulling(m.record.name, m.record.pull, context.pull))
  bring(step)
}

/** Gives up the pull. @param again load anew at once, with the model that is configured now */
const leavePulling = (step: Step, again: boolean): void => {
  const { m } = step
  m.after = 'stay'
  step.enter('offline', { reason: again ? 'a restart was requested' : 'the pull was cancelled' })
  if (again) beginLoad(step)
}

/** A command ends the pull. */
export const endPull = (step: Step, again: boolean): void => {
  const { pull } = step.m.record
  if (pull !== null) step.effects.push({ do: 'cancel-pull', model: pull })
  leavePulling(step, again)
}

const isCurrent = ({ m }: Step, attempt: number): boolean =>
  m.record.state === 'pulling' && m.committing === null && m.attempt === attempt

export const pulled = (step: Step, attempt: number): void => {
  if (isCurrent(step, attempt)) goOn(step)
}

export const pullFailed = (step: Step, attempt: number, error: Hal0Error): void => {
  if (isCurrent(step, attempt)) fail(step, error)
}

/** By somebody else than this slot. */
export const pullCancelled = (step: Step, attempt: number): void => {
  if (isCurrent(step, attempt)) leavePulling(step, false)
}

/** The daemon was restarted while the slot was pulling: the pull goes on, and so does the load. */
export const resumePull = (step: Step, reason: string): void => {
  const { m, context } = step
  if (m.record.model !== context.config.model || context.obstacle !== null) step.enter('offline', { reason })
  else if (context.missing === null) goOn(step)
  else bring(step)
}
