/**
 * Commands that ask for a load are accepted by a record: `starting` or `pulling` if the load can begin, otherwise one with the
 * intent. It is written to the disk first and takes effect only then. If the disk refuses it, nothing has happened.
 */
import type { SlotRecord } from '../../contract/slot.ts'
import type { Hal0Error } from '../../lib/hal0-error.ts'
import { loadCancelled, unloading } from '../machine/slot-errors.ts'
import { isLoaded, isLoading } from '../machine/states.ts'
import { diskRetryS, fail, failure, leaveBackend, leaveLoad, pursueIntent, stopProcess } from './flow.ts'
import { cancelPull, leavePulling, pullBegun } from './pull.ts'
import type { Step } from './step.ts'
import { idleAgain, quiet, readyAgain } from './timers.ts'
import { admitWaiting, keepWaiting, refuseWaiting } from './waiting.ts'

/** Whether a load begins with this record, as opposed to being promised by it. */
const begins = ({ state }: SlotRecord): boolean => state === 'starting' || state === 'pulling'

/** Whether the beginning of a load is being committed. */
export const isBeginning = ({ m }: Step): boolean => m.committing !== null && begins(m.committing)

/** Whether a load was accepted but has not begun, or its acceptance is being written. */
export const isPromised = ({ m }: Step): boolean =>
  m.committing === null ? m.record.intent === 'load' : !begins(m.committing)

/** Accepts a load that cannot begin in this state. */
export const promiseLoad = (step: Step): void => step.commit({ ...step.m.record, intent: 'load' })

/** Accepts a restart during a load: the abandoned load passes through error. */
export const promiseRestart = (step: Step): void => {
  const error = loadCancelled(step.m.record.name, 'a restart was requested')
  step.commit(step.nextRecord('error', failure(error, 'load')))
}

/** The load under way begins its process. */
const launch = (step: Step): void => {
  const { m, context } = step
  m.process = 'launching'
  step.setTimer('load', context.config.load_timeout_s)
  step.effects.push({ do: 'launch', attempt: m.attempt })
}

/** A record that promises or withdraws a load has taken effect: starts what its state requires. */
const arrive = (step: Step, record: SlotRecord): void => {
  const { m } = step
  const before = m.record
  step.become(record)
  if (record.state === before.state) {
    if (m.process === 'unknown' && record.state !== 'offline') stopProcess(step)
    else pursueIntent(step)
    return
  }
  if (isLoaded(before.state)) leaveBackend(step)
  else if (isLoading(before.state)) leaveLoad(step)
  else if (before.state === 'pulling') cancelPull(step, before.pull)
  if (record.intent === 'load') keepWaiting(step, before.model)
  if (record.state === 'offline') pursueIntent(step)
  else stopProcess(step)
}

/** Withdraws a promised load, even while the promise is being written. */
export const withdraw = (step: Step): void => {
  const { m } = step
  const promised = m.committing
  const { name } = m.record
  step.clearTimers('restart')
  m.due = null
  if (promised === null) {
    if (step.state === 'error' && m.process === 'none') step.enter('offline', { reason: 'acknowledged', intent: null })
    else step.restate({ intent: null })
  } else {
    // The disk may already have the promise, so it has to be replaced by another record.
    const record = { ...promised, intent: null }
    m.committing = null
    step.effects.push({ do: 'write', record })
    m.acknowledged = record.state === 'error'
    arrive(step, record)
  }
  refuseWaiting(step, step.state === 'unloading' ? unloading(m.record) : loadCancelled(name, 'it was asked for'))
}

const begun = (step: Step): void => {
  const { m, context } = step
  const { meanwhile } = m
  m.attempt += 1
  if (m.record.state === 'pulling') {
    if (meanwhile === 'nothing') pullBegun(step)
    else leavePulling(step, meanwhile === 'restart')
    return
  }
  m.loadBegan = context.now
  if (meanwhile === 'cancel') fail(step, loadCancelled(m.record.name, 'it was asked for'), { acknowledged: true })
  else if (meanwhile === 'restart') promiseRestart(step)
  else {
    keepWaiting(step, m.record.model)
    launch(step)
  }
}

/** The record is durable, so it takes effect. */
export const committed = (step: Step): void => {
  const { m } = step
  const record = m.committing
  if (record === null) return
  m.committing = null
  if (begins(record)) {
    step.become(record)
    begun(step)
  } else arrive(step, record)
}

/** The disk refused the record: the command is refused, and the slot stays as it was. */
export const commitFailed = (step: Step, error: Hal0Error): void => {
  const { m } = step
  const refused = m.committing
  if (refused === null) return
  m.committing = null
  if (begins(refused)) beginningFailed(step, error)
  else if (isLoaded(step.state)) {
    if (step.state === 'ready') readyAgain(step)
    else if (step.state === 'idle') idleAgain(step)
    admitWaiting(step)
    quiet(step)
  } else if (step.state === 'starting' && m.process === 'none') launch(step)
  else if (step.state === 'pulling') pullBegun(step)
}

const beginningFailed = (step: Step, error: Hal0Error): void => {
  const { m } = step
  if (step.state === 'pulling') fail(step, error)
  else if (m.record.intent !== 'load') refuseWaiting(step, error)
  else if (m.meanwhile === 'cancel') withdraw(step)
  // It was accepted, so it is retried until the disk recovers.
  else step.setTimer('restart', diskRetryS)
}
