/** The effects of time on a slot. */

import type { Timer } from '../machine/machine.ts'
import { loadTimeout, stalled } from '../machine/slot-errors.ts'
import { isLoading } from '../machine/states.ts'
import { beginUnload, fail, loadedDied, pursueIntent, retryStop } from './flow.ts'
import { hasStalled, healthWaitMs } from './silence.ts'
import type { Step } from './step.ts'
import { expireWaiting } from './waiting.ts'

/** `serving` ends this long after the last request, so that a busy slot does not flap (spec §2.1). */
export const lingerMs = 100

/** Starts the idle timer; call it on every entry into ready. */
export const readyAgain = (step: Step): void => {
  const { idle_timeout_s } = step.context.config
  if (idle_timeout_s > 0) step.setTimer('idle', idle_timeout_s)
  else step.clearTimers('idle')
}

/** Starts the unload timer; call it on every entry into idle. */
export const idleAgain = (step: Step): void => {
  const { unload_after_s } = step.context.config
  if (unload_after_s > 0) step.setTimer('unload', unload_after_s)
  else step.clearTimers('unload')
}

/** Starts the timer that ends `serving`, if no request is in flight. */
export const quiet = (step: Step): void => {
  const { m } = step
  if (m.inFlight > 0 || step.state !== 'serving' || m.lingering) return
  m.lingering = true
  step.setTimer('linger', lingerMs / 1000)
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

const hung = (step: Step): void => {
  const { name } = step.m.record
  const { stall_timeout_s } = step.context.config
  loadedDied(step, (goesOn) => stalled(name, stall_timeout_s, healthWaitMs / 1000, goesOn))
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
      if (step.state === 'idle') beginUnload(step, 'idle for too long')
      break
    case 'restart':
      pursueIntent(step)
      break
    case 'stop':
      retryStop(step)
      break
    case 'waiting':
      expireWaiting(step)
      break
    case 'stall':
      if (hasStalled(step)) hung(step)
      break
  }
}
