/**
 * Notices a backend that hangs (spec §2.3): it has requests, has sent nothing for `stall_timeout_s`, and leaves its health probe
 * unanswered. One that is only slow, as in a prompt of minutes, answers the probe; one that computes without answering it has the time
 * of the probe to send anything. One timer serves all requests: it is set anew only when it fires.
 */
import type { Step } from './step.ts'

/** How long the health probe may stay unanswered, milliseconds. */
export const healthWaitMs = 10_000

/** Milliseconds until the silence is long enough; null: that is never asked. */
const leftMs = ({ m, context }: Step): number | null => {
  const { stall_timeout_s } = context.config
  if (stall_timeout_s === 0 || m.owesSince === null) return null
  return Math.max(m.owesSince, context.heardAt) + stall_timeout_s * 1000 - context.now
}

const awaitByte = (step: Step): void => {
  const left = leftMs(step)
  step.m.watch = left === null ? 'nothing' : 'silence'
  if (left !== null) step.setTimer('stall', Math.max(0, left) / 1000)
}

/**
 * A request goes to the backend; call it before it counts as in flight. What the backend owes to requests whose clients have left still
 * counts: clients that give up after half a minute would hide a backend that hangs.
 */
export const watchSilence = (step: Step): void => {
  const { m, context } = step
  if (m.inFlight === 0) {
    const { owesSince, lastEnd } = m
    const owes = owesSince !== null && context.heardAt <= owesSince
    // Time without a request is no silence: it was an hour once, and the next request had ten seconds.
    m.owesSince = owes ? owesSince + (context.now - lastEnd) : context.now
  }
  if (m.watch === 'nothing') awaitByte(step)
}

/** The setting has changed. */
export const silenceConfigured = (step: Step): void => {
  if (step.m.inFlight > 0 && step.m.watch !== 'health') awaitByte(step)
}

/** There is nothing to be heard any more. */
export const forgetSilence = (step: Step): void => {
  step.m.owesSince = null
  step.m.watch = 'nothing'
  step.clearTimers('stall')
}

/** The timer has fired. @returns whether the backend hangs */
export const hasStalled = (step: Step): boolean => {
  const { m } = step
  const { watch } = m
  m.watch = 'nothing'
  if (watch === 'nothing' || m.inFlight === 0) return false
  const left = leftMs(step)
  if (left === null) return false
  if (left > 0) awaitByte(step)
  else if (watch === 'health') return true
  else {
    m.watch = 'health'
    // The silence goes on, even if all of its requests are given up now.
    m.owesSince = Math.max(m.owesSince ?? 0, step.context.heardAt)
    step.setTimer('stall', healthWaitMs / 1000)
    step.effects.push({ do: 'check-health', attempt: m.attempt, ms: healthWaitMs })
  }
  return false
}

/** The backend has answered its health probe: it is slow, and is asked again after as long a silence. */
export const healthy = (step: Step): void => {
  const { m, context } = step
  if (m.watch !== 'health') return
  m.owesSince = context.now
  awaitByte(step)
}
