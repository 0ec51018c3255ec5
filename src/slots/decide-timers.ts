/** What the passing of time does to a slot. */
import { beginUnload, fail, settle } from './decide-flow.ts'
import { expireWaiting } from './decide-waiting.ts'
import type { Timer } from './machine.ts'
import { loadTimeout } from './slot-errors.ts'
import { isLoading } from './states.ts'
import type { Step } from './step.ts'

/** `serving` ends this long after the last request, so that a busy slot does not flap (spec §2.1). */
export const lingerMs = 100

/** Begins the wait for idleness; call it on every entry into ready. */
export const readyAgain = (step: Step): void => {
  const { idle_timeout_s } = step.context.config
  if (idle_timeout_s > 0) step.setTimer('idle', idle_timeout_s)
  else step.clearTimers('idle')
}

/** Begins the wait for unloading; call it on every entry into idle. */
export const idleAgain = (step: Step): void => {
  const { unload_after_s } = step.context.config
  if (unload_after_s > 0) step.setTimer('unload', unload_after_s)
  else step.clearTimers('unload')
}

const linger = (step: Step): void => {
  const { m, context } = step
  m.lingering = false
  if (step.state !== 'serving' || m.inFlight > 0) return
  const left = m.lastEnd + lingerMs - context.now
  if (left > 0) {
    m.lingering = true
    step.setTimer('linger', left / 1000)
    return
  }
  step.enter('ready', { reason: 'no request in flight' })
  readyAgain(step)
}

/** `restart = "on-failure"`: the error is acknowledged and the slot loaded. */
const restartAfterCrash = (step: Step): void => {
  const { m, context } = step
  if (step.state !== 'error' || m.after !== 'stay' || context.obstacle !== null) return
  m.after = 'load'
  if (m.process === 'none') settle(step)
}

export const timer = (step: Step, which: Timer): void => {
  switch (which) {
    case 'load':
      if (isLoading(step.state)) fail(step, loadTimeout(step.m.record.name, step.context.config.load_timeout_s))
      break
    case 'linger':
      linger(step)
      break
    case 'idle':
      if (step.state === 'ready') {
        step.enter('idle', { reason: 'no traffic' })
        idleAgain(step)
      }
      break
    case 'unload':
      if (step.state === 'idle') beginUnload(step, 'idle for too long', 'stay')
      break
    case 'restart':
      restartAfterCrash(step)
      break
    case 'waiting':
      expireWaiting(step)
      break
  }
}
