/** Waiting requests: their deadlines, and how their wait ends. */
import type { Hal0Error } from '../../lib/hal0-error.ts'
import { waitedTooLong } from '../machine/queue-errors.ts'
import { soonS, standingError, stillStarting, stillWarming, swappedAway, unloading } from '../machine/slot-errors.ts'
import { newcomersWaitMs } from '../machine/standing.ts'
import { admit, agingMs, type Waiting } from '../queue/turns.ts'
import { watchSilence } from './silence.ts'
import type { Step } from './step.ts'

/** Monotonic milliseconds at which a waiting request times out in the current state (spec §2.2). */
const deadline = (step: Step, waiting: Waiting): number => {
  const { config } = step.context
  if (waiting.queuedAt !== null) return waiting.queuedAt + config.queue_wait_s * 1000
  const atLast = waiting.arrived + config.request_timeout_s * 1000
  return step.state === 'warming' ? atLast : Math.min(waiting.since + config.start_wait_s * 1000, atLast)
}

/** Seconds until the accepted load of a slot in error begins, as far as that is known. */
export const loadInS = ({ m, context }: Step): number =>
  m.due === null ? soonS : Math.max(soonS, (m.due - context.now) / 1000)

const expired = (step: Step, waiting: Waiting): Hal0Error => {
  const { name, error } = step.m.record
  if (waiting.queuedAt !== null)
    return waitedTooLong(name, step.context.config.queue_wait_s, newcomersWaitMs(step.m, step.context))
  if (step.state === 'unloading') return unloading(step.m.record)
  if (step.state === 'error' && error !== null) return standingError(error, loadInS(step), step.context.wall)
  const { loadBegan } = step.m
  const { now, expectedLoadMs } = step.context
  const load = loadBegan === null ? null : { elapsedMs: now - loadBegan, expectedMs: expectedLoadMs }
  return step.state === 'warming' ? stillWarming(name, load) : stillStarting(name, load)
}

/** Sets the timer for the first deadline; call it whenever the waiting requests or the state have changed. */
export const watchDeadlines = (step: Step): void => {
  const { waiting } = step.m
  // All of them wait for the same thing, so the first to arrive is the first to time out.
  const first = waiting[0]
  if (first === undefined) step.clearTimers('waiting')
  else step.setTimer('waiting', Math.max(0, deadline(step, first) - step.context.now) / 1000)
}

/** Refuses the requests whose deadline has passed. */
export const expireWaiting = (step: Step): void => {
  const isLate = (one: Waiting) => deadline(step, one) <= step.context.now
  for (const one of step.m.waiting) {
    if (isLate(one)) step.effects.push({ do: 'refuse', id: one.id, error: expired(step, one) })
  }
  step.m.waiting = step.m.waiting.filter((one) => !isLate(one))
  watchDeadlines(step)
}

/** Refuses all waiting requests with one error. */
export const refuseWaiting = (step: Step, error: Hal0Error): void => {
  if (step.m.waiting.length === 0) return
  for (const one of step.m.waiting) step.effects.push({ do: 'refuse', id: one.id, error })
  step.m.waiting = []
  step.clearTimers('waiting')
}

/**
 * Whether a request wants the model that is swapped out: it named it by its ref, and not the slot.
 * @param model what the slot has run until now
 */
export const goesAway = ({ context }: Step, asked: string, model: string | null): boolean => {
  const { name, aliases, model: next } = context.config
  return next !== model && asked === model && asked !== name && !aliases.includes(asked)
}

export const gone = ({ context }: Step, asked: string): Hal0Error =>
  swappedAway(context.config.name, asked, context.config.model)

/**
 * Another load follows: the requests keep waiting, from now on, for as long as their own deadlines allow.
 * @param model what the slot has run until now: requests that want it are told that it goes
 */
export const keepWaiting = (step: Step, model: string | null): void => {
  const { m, context } = step
  if (m.waiting.length === 0) return
  const missed = m.waiting.filter(({ asked }) => goesAway(step, asked, model))
  for (const { id, asked } of missed) step.effects.push({ do: 'refuse', id, error: gone(step, asked) })
  m.waiting = m.waiting
    .filter((one) => !missed.includes(one))
    .map((one) => ({ ...one, queuedAt: null, since: context.now }))
  watchDeadlines(step)
}

/** Gives free places to the requests whose turn it is; the others now wait for a place. */
export const admitWaiting = (step: Step): void => {
  const { m } = step
  if (m.waiting.length === 0) return
  const { now, config } = step.context
  const free = Math.max(0, config.max_in_flight - m.inFlight)
  if (free > 0) {
    const { admitted, rest } = admit(m, free, now, agingMs(config))
    if (step.state !== 'serving') {
      step.clearTimers('idle', 'unload')
      step.enter('serving', { reason: 'request' })
    }
    // The waiting requests came while the slot was loading or serving; the state they met is the one they waited in.
    for (const one of admitted) {
      const { id, arrived, queuedAt } = one
      const waited = { loadMs: (queuedAt ?? now) - arrived, queueMs: queuedAt === null ? 0 : now - queuedAt }
      step.effects.push({ do: 'grant', id, met: queuedAt === null ? 'warming' : 'serving', waited, at: now })
    }
    watchSilence(step)
    m.inFlight += admitted.length
    m.waiting = rest.waiting
    m.turns = rest.turns
  }
  m.waiting = m.waiting.map((one) => (one.queuedAt === null ? { ...one, queuedAt: now } : one))
  watchDeadlines(step)
}
