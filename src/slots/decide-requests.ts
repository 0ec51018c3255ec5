/** What a request meets in each state (spec §2.2). */
import { Hal0Error } from '../lib/hal0-error.ts'
import { beginLoad } from './decide-flow.ts'
import { idleAgain, lingerMs, readyAgain } from './decide-timers.ts'
import { admitWaiting, watchDeadlines } from './decide-waiting.ts'
import { notLoaded, pulling, queueFull, unloading } from './slot-errors.ts'
import { isLoaded, isLoading } from './states.ts'
import type { Step } from './step.ts'

const refuse = (step: Step, id: number, error: Hal0Error): void => {
  step.effects.push({ do: 'refuse', id, error })
}

/** Lets the request wait, unless as many wait as could be served and queued. */
const wait = (step: Step, id: number): void => {
  const { m, context } = step
  const { max_in_flight, queue_length } = context.config
  const loaded = isLoaded(step.state)
  // While the slot loads, those who will be served at once do not count as queued.
  const room = loaded ? queue_length : max_in_flight + queue_length
  if (m.waiting.length >= room) {
    refuse(step, id, queueFull(m.record.name, m.inFlight, m.waiting.length))
    return
  }
  m.waiting = [...m.waiting, { id, arrived: context.now, queuedAt: loaded ? context.now : null }]
  watchDeadlines(step)
}

export const request = (step: Step, id: number): void => {
  const { m, context } = step
  if (isLoaded(step.state)) {
    if (m.inFlight >= context.config.max_in_flight || m.waiting.length > 0) {
      wait(step, id)
      return
    }
    step.effects.push({ do: 'grant', id, met: step.state })
    m.inFlight += 1
    if (step.state !== 'serving') {
      step.clearTimers('idle', 'unload')
      step.enter('serving', { reason: 'request' })
    }
    return
  }
  if (isLoading(step.state) || m.committing !== null) {
    wait(step, id)
    return
  }
  switch (step.state) {
    case 'offline':
      if (context.obstacle?.code === 'config.invalid') refuse(step, id, context.obstacle)
      else if (context.config.load !== 'on-demand') refuse(step, id, notLoaded(m.record.name))
      else if (context.obstacle !== null) refuse(step, id, context.obstacle)
      else {
        wait(step, id)
        if (m.after !== 'load') beginLoad(step)
      }
      break
    case 'pulling':
      refuse(step, id, pulling(m.record.name, m.record.pull, context.pull))
      break
    case 'unloading':
      refuse(step, id, unloading(m.record.name))
      break
    default:
      refuse(step, id, m.record.error === null ? notLoaded(m.record.name) : Hal0Error.fromBody(m.record.error))
  }
}

/** A client that waits no longer; the load that it may have started goes on, since it belongs to the slot. */
export const leave = (step: Step, id: number): void => {
  step.m.waiting = step.m.waiting.filter((one) => one.id !== id)
  watchDeadlines(step)
}

/** A request has ended: its place goes to the next one, or the slot falls quiet. */
export const release = (step: Step): void => {
  const { m, context } = step
  m.inFlight -= 1
  m.lastEnd = context.now
  admitWaiting(step)
  if (m.inFlight === 0 && step.state === 'serving' && !m.lingering) {
    m.lingering = true
    step.setTimer('linger', lingerMs / 1000)
  }
}

/** New settings take hold of what waits and of the timers that run. */
export const configured = (step: Step): void => {
  if (step.state === 'ready') readyAgain(step)
  else if (step.state === 'idle') idleAgain(step)
  if (isLoaded(step.state)) admitWaiting(step)
  else watchDeadlines(step)
}
