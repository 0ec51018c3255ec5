/** Steps that several decisions share: begin a load, begin a stop, fail, and continue once nothing runs. */
import type { SlotRecord } from '../../contract/slot.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { nextRestart, recentCrashes, stopRetryS } from '../machine/restart-policy.ts'
import { notStopped, soonS, unloading } from '../machine/slot-errors.ts'
import { forgetSilence } from './silence.ts'
import type { Step } from './step.ts'
import { keepWaiting, refuseWaiting } from './waiting.ts'

/** Pause before an accepted load is retried after the disk has refused its beginning, seconds. */
export const diskRetryS = 2

/**
 * Begins a load from offline, with a pull if the model is missing. The transition is written before anything is started:
 * whatever kills the daemon afterwards, the next one knows that this slot was being loaded. Until it is durable, the slot is
 * offline.
 */
export const beginLoad = (step: Step): void => {
  const { m, context } = step
  m.pid = null
  m.due = null
  const { missing } = context
  step.commit(
    missing === null
      ? step.nextRecord('starting', { reason: 'load requested' })
      : step.nextRecord('pulling', { reason: 'the model is not here yet', pull: missing }),
  )
}

/** Begins the load that was accepted earlier (`intent`), once nothing runs any more and it is due. */
export const pursueIntent = (step: Step): void => {
  const { m, context } = step
  if (m.record.intent !== 'load' || m.committing !== null) return
  if (m.process !== 'none' && (m.process !== 'unknown' || step.state !== 'offline')) return
  if (m.due !== null && m.due > context.now) {
    step.setTimer('restart', (m.due - context.now) / 1000)
    return
  }
  step.clearTimers('restart')
  if (step.state === 'error') step.enter('offline', { reason: 'it is loaded again' })
  if (step.state !== 'offline') return
  const { obstacle } = context
  if (obstacle === null) {
    beginLoad(step)
    return
  }
  step.enter('error', { reason: obstacle.message, error: obstacle.body(), intent: null })
  refuseWaiting(step, obstacle)
}

/** ready, serving or idle → unloading; the leases of requests in flight are revoked. */
export const beginUnload = (step: Step, reason: string): void => {
  step.enter('unloading', { reason, intent: null })
  leaveBackend(step)
  refuseWaiting(step, unloading(step.m.record))
  stopProcess(step)
}

/** Clears everything about requests at the backend. */
export const leaveBackend = (step: Step): void => {
  step.clearTimers('linger', 'idle', 'unload')
  step.m.lingering = false
  forgetSilence(step)
  revoke(step, unloading(step.m.record))
}

/** Revokes all granted leases: the owner drops them and reports no release of them. */
const revoke = (step: Step, error: Hal0Error): void => {
  if (step.m.inFlight > 0) step.effects.push({ do: 'revoke', error })
  step.m.inFlight = 0
}

export const stopProcess = (step: Step): void => {
  const { m } = step
  if (m.process === 'none') settle(step)
  else if (m.process !== 'stopping') {
    m.process = 'stopping'
    step.effects.push({ do: 'stop', attempt: m.attempt })
  }
}

/** What follows a failure automatically. */
interface Then {
  /** The error needs no acknowledgement: offline follows. */
  acknowledged?: boolean
  /** A load follows, after at least this many milliseconds. */
  loadInMs?: number
}

/** Enters error from any state that may (an idle slot goes through ready), and ends the process. */
export const fail = (step: Step, error: Hal0Error, { acknowledged = false, loadInMs }: Then = {}): void => {
  const { m } = step
  if (step.state === 'idle') step.enter('ready', { reason: 'a failure was noticed while the slot was idle' })
  step.enter('error', failure(error, loadInMs === undefined ? null : 'load'))
  m.due = loadInMs === undefined ? null : step.context.now + loadInMs
  m.acknowledged = acknowledged
  if (loadInMs === undefined) {
    revoke(step, error)
    refuseWaiting(step, error)
  } else {
    revoke(step, Hal0Error.fromBody(error.body(), Math.max(soonS, loadInMs / 1000)))
    keepWaiting(step, m.record.model)
  }
  leaveLoad(step)
  stopProcess(step)
}

/**
 * A loaded backend has died, or hangs: it is loaded again if `restart` says so.
 * @param error of it @param goesOn whether a load follows automatically
 */
export const loadedDied = (step: Step, error: (goesOn: boolean) => Hal0Error): void => {
  const { m, context } = step
  m.crashes = recentCrashes([...m.crashes, context.now], context.now)
  step.effects.push({ do: 'remember-crashes', at: m.crashes.map((at) => context.wall - (context.now - at)) })
  const loadInMs = context.config.restart === 'on-failure' ? nextRestart(m.crashes, context.now) : null
  fail(step, error(loadInMs !== null), loadInMs === null ? {} : { loadInMs })
}

/** The content of a failure's record. */
export const failure = (
  error: Hal0Error,
  intent: SlotRecord['intent'],
): Required<Pick<SlotRecord, 'intent'>> & { reason: string; error: ReturnType<Hal0Error['body']> } => {
  const body = error.body()
  return { reason: body.message, error: body, intent }
}

/** Ends all timers and probes of a loading or loaded slot. */
export const leaveLoad = (step: Step): void => {
  step.clearTimers('load', 'linger', 'idle', 'unload', 'restart')
  step.m.loadBegan = null
  step.m.lingering = false
  forgetSilence(step)
}

/** Nothing of the slot runs any more: continues with whatever was to follow. */
export const settle = (step: Step): void => {
  const { m } = step
  m.process = 'none'
  m.pid = null
  if (m.stopFailure !== null) {
    m.stopFailure = null
    step.clearTimers('stop')
  }
  if (step.state === 'unloading') step.enter('offline', { reason: 'unloaded' })
  else if (step.state === 'error' && m.acknowledged) step.enter('offline', { reason: 'acknowledged' })
  m.acknowledged = false
  pursueIntent(step)
}

/**
 * The process survives SIGKILL (stuck in the kernel), or the supervisor refused. The slot is not offline while something of it
 * runs: it is in error, with the reason, and the stop is retried for as long as necessary. Then offline follows automatically. If
 * the process dies by itself in the meantime, that is noticed too.
 */
export const stopFailed = (step: Step, error: Hal0Error): void => {
  const { m } = step
  if (m.process !== 'stopping') return
  const tries = (m.stopFailure?.tries ?? 0) + 1
  const told = notStopped(m.record.name, error, tries)
  m.stopFailure = { tries, error: told }
  step.setTimer('stop', stopRetryS(tries))
  if (step.state !== 'unloading') return
  step.enter('error', failure(told, m.record.intent))
  m.acknowledged = true
}

/** Retries the stop at once if an earlier attempt has failed. */
export const retryStop = (step: Step): void => {
  const { m } = step
  if (m.process !== 'stopping' || m.stopFailure === null) return
  step.clearTimers('stop')
  step.effects.push({ do: 'stop', attempt: m.attempt })
}
