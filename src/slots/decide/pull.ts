/** A load whose model has to be pulled first: offline → pulling → starting (spec §3). */
import type { Hal0Error } from '../../lib/hal0-error.ts'
import { pulling } from '../machine/slot-errors.ts'
import { fail, pursueIntent } from './flow.ts'
import type { Step } from './step.ts'
import { refuseWaiting } from './waiting.ts'

const bring = (step: Step): void => {
  const { m } = step
  if (m.record.pull === null) return
  step.effects.push({ do: 'pull', attempt: m.attempt, model: m.record.pull })
}

/** The model has arrived: the load continues. Until the transition is durable, the slot is pulling. */
const goOn = (step: Step): void => {
  step.commit(step.nextRecord('starting', { reason: 'the model is here' }))
}

/** The transition to pulling is durable. */
export const pullBegun = (step: Step): void => {
  const { m, context } = step
  // A pull takes minutes: nobody waits for it (spec §2.2).
  refuseWaiting(step, pulling(m.record.name, m.record.pull, context.pull))
  bring(step)
}

/** Abandons the pull. @param again load again at once, with the model that is configured now */
export const leavePulling = (step: Step, again: boolean): void => {
  if (again) step.commit(step.nextRecord('offline', { reason: 'a restart was requested', intent: 'load' }))
  else step.enter('offline', { reason: 'the pull was cancelled' })
}

/** The slot no longer waits for the pull. @param pull the model that was being pulled */
export const cancelPull = (step: Step, pull: string | null): void => {
  if (pull !== null) step.effects.push({ do: 'cancel-pull', model: pull })
}

export const pulled = (step: Step): void => {
  if (step.state === 'pulling') goOn(step)
}

export const pullFailed = (step: Step, error: Hal0Error): void => {
  if (step.state === 'pulling') fail(step, error)
}

/** The pull was cancelled by somebody else. */
export const pullCancelled = (step: Step): void => {
  if (step.state === 'pulling') leavePulling(step, false)
}

/** The daemon was restarted while the slot was pulling: the pull continues, and so does the load. */
export const resumePull = (step: Step, reason: string): void => {
  const { m, context } = step
  if (m.record.model !== context.config.model || context.obstacle !== null) {
    // The model that is configured now is loaded instead, or the error says why it cannot be.
    step.enter('offline', { reason, intent: 'load' })
    pursueIntent(step)
  } else if (context.missing === null) goOn(step)
  else bring(step)
}
