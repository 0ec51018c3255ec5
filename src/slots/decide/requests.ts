/** How a request is handled in each state (spec §2.2). */
import type { Hal0Error } from '../../lib/hal0-error.ts'
import { type Input, noWait } from '../machine/machine.ts'
import { queueFull } from '../machine/queue-errors.ts'
import { notLoaded, pulling, standingError, unloading } from '../machine/slot-errors.ts'
import { newcomersWaitMs } from '../machine/standing.ts'
import { isLoaded, isLoading } from '../machine/states.ts'
import { withService } from '../queue/expected-wait.ts'
import { agingMs, givesWay, inOrder, joined, positionOf } from '../queue/turns.ts'
import { isBeginning, isPromised, promiseLoad } from './commit.ts'
import { beginLoad } from './flow.ts'
import { silenceConfigured, watchSilence } from './silence.ts'
import type { Step } from './step.ts'
import { idleAgain, quiet, readyAgain } from './timers.ts'
import { admitWaiting, goesAway, gone, loadInS, watchDeadlines } from './waiting.ts'

const refuse = (step: Step, id: number, error: Hal0Error): void => {
  step.effects.push({ do: 'refuse', id, error })
}

type Request = Extract<Input, { kind: 'request' }>

/**
 * Lets the request wait. If there are already as many waiting as can be served and queued, somebody is refused: one of the caller that
 * has the most, or else the newcomer.
 */
const wait = (step: Step, { id, asked = '', caller = '', priority = 'interactive' }: Request): void => {
  const { m, context } = step
  const { max_in_flight, queue_length } = context.config
  const { now } = context
  const loaded = isLoaded(step.state)
  // During a load, the requests that will be served at once do not count as queued.
  const room = loaded ? queue_length : max_in_flight + queue_length
  const aging = agingMs(context.config)
  if (m.waiting.length >= room) {
    const loser = givesWay(m, caller, now, aging)
    refuse(step, loser?.id ?? id, queueFull(m.record.name, m, loser !== null, newcomersWaitMs(m, context)))
    if (loser === null) return
    m.waiting = m.waiting.filter((one) => one !== loser)
  }
  const queuedAt = loaded ? now : null
  const { waiting, turns } = joined(m, { id, asked, caller, priority, arrived: now, since: now, queuedAt })
  m.waiting = waiting
  m.turns = turns
  step.effects.push({ do: 'queue', id, position: positionOf(id, inOrder(m, now, aging)) ?? m.waiting.length })
  watchDeadlines(step)
}

const inError = (step: Step): Hal0Error => {
  const { m, context } = step
  if (m.record.error === null) return notLoaded(m.record.name)
  return standingError(m.record.error, isPromised(step) ? loadInS(step) : null, context.wall)
}

/** Whether an accepted load begins early enough to wait for it. */
const beginsInTime = ({ m, context }: Step): boolean => {
  const { start_wait_s, request_timeout_s } = context.config
  return m.due === null || m.due < context.now + Math.min(start_wait_s, request_timeout_s) * 1000
}

/** A restart, a swap or an automatic reload is under way: the request waits for the load that follows. */
const waitForNext = (step: Step, input: Request): void => {
  const { id, asked = '' } = input
  if (goesAway(step, asked, step.m.record.model)) refuse(step, id, gone(step, asked))
  else wait(step, input)
}

export const request = (step: Step, input: Request): void => {
  const { m, context } = step
  const { id } = input
  if (isLoaded(step.state)) {
    // A restart is being accepted: the backend is about to stop, and the load that follows is worth waiting for.
    if (m.committing !== null || m.inFlight >= context.config.max_in_flight || m.waiting.length > 0) {
      wait(step, input)
      return
    }
    step.effects.push({ do: 'grant', id, met: step.state, waited: noWait, at: context.now })
    watchSilence(step)
    m.inFlight += 1
    if (step.state !== 'serving') {
      step.clearTimers('idle', 'unload')
      step.enter('serving', { reason: 'request' })
    }
    return
  }
  if (isLoading(step.state) || isBeginning(step)) {
    wait(step, input)
    return
  }
  switch (step.state) {
    case 'offline':
      if (isPromised(step)) wait(step, input)
      else if (context.obstacle?.code === 'config.invalid') refuse(step, id, context.obstacle)
      else if (context.config.load !== 'on-demand') refuse(step, id, notLoaded(m.record.name))
      else if (context.obstacle !== null) refuse(step, id, context.obstacle)
      else {
        wait(step, input)
        if (m.process === 'stopping') promiseLoad(step)
        else beginLoad(step)
      }
      break
    case 'pulling':
      refuse(step, id, pulling(m.record.name, m.record.pull, context.pull))
      break
    case 'unloading':
      if (isPromised(step)) waitForNext(step, input)
      else refuse(step, id, unloading(m.record))
      break
    default:
      if (isPromised(step) && beginsInTime(step)) waitForNext(step, input)
      else refuse(step, id, inError(step))
  }
}

/** A client no longer waits. A load that it may have started continues, since it belongs to the slot. */
export const leave = (step: Step, id: number): void => {
  step.m.waiting = step.m.waiting.filter((one) => one.id !== id)
  watchDeadlines(step)
}

/**
 * A request has ended: its place goes to the next one, or the slot becomes quiet.
 * @param since when it got its place, monotonic milliseconds; null: unknown
 */
export const release = (step: Step, since: number | null): void => {
  const { m, context } = step
  m.inFlight -= 1
  m.lastEnd = context.now
  if (since !== null) m.service = withService(m.service, m.record.model, context.now - since)
  if (m.committing !== null) return
  admitWaiting(step)
  quiet(step)
}

/** Applies new settings to waiting requests and running timers. */
export const configured = (step: Step): void => {
  if (step.state === 'ready') readyAgain(step)
  else if (step.state === 'idle') idleAgain(step)
  silenceConfigured(step)
  if (isLoaded(step.state) && step.m.committing === null) admitWaiting(step)
  else watchDeadlines(step)
}
