/**
 * Reconciliation at start: the record says which state the slot was in, and the supervisor says what is left of its process. What
 * follows goes through the transition table like everything else (spec §2.1).
 */

import type { FoundAtStart, Input } from '../machine/machine.ts'
import { nextRestart, recentCrashes } from '../machine/restart-policy.ts'
import { crashed, isAcknowledged, isPassing, loadCancelled } from '../machine/slot-errors.ts'
import { isLoaded, isLoading } from '../machine/states.ts'
import { fail, loadedDied, settle } from './flow.ts'
import { resumePull } from './pull.ts'
import type { Step } from './step.ts'
import { idleAgain, readyAgain } from './timers.ts'

const stop = (step: Step): void => {
  step.m.process = 'stopping'
  step.effects.push({ do: 'stop', attempt: step.m.attempt })
}

/** Remaining seconds of the load's time, by the wall clock, since nothing else survives a restart. */
const loadTimeLeft = (step: Step): number => {
  const whole = step.context.config.load_timeout_s
  const spent = (step.context.wall - Date.parse(step.m.record.since)) / 1000
  return Math.min(whole, Math.max(1, whole - Math.max(0, spent)))
}

const resumeLoad = (step: Step): void => {
  step.m.loadBegan = step.context.now - Math.max(0, step.context.wall - Date.parse(step.m.record.since))
  step.setTimer('load', loadTimeLeft(step))
}

const running = (step: Step, pid: number): void => {
  const { m } = step
  m.process = 'running'
  m.pid = pid
  m.lastEnd = step.context.now
  if (isLoading(step.state)) {
    resumeLoad(step)
    step.effects.push({ do: 'probe', attempt: m.attempt, state: step.state })
  } else if (isLoaded(step.state)) {
    // Requests in flight ended with the old daemon.
    if (step.state === 'serving') step.enter('ready', { reason: 'the daemon was restarted' })
    if (step.state === 'idle') idleAgain(step)
    else readyAgain(step)
    step.effects.push({ do: 'check-port', attempt: m.attempt })
  } else {
    // Nothing of a pulling slot should be running: it is stopped, and the load begins again.
    if (step.state === 'pulling') step.enter('offline', { reason: 'the daemon was restarted', intent: 'load' })
    stop(step)
  }
}

/**
 * Its record is lost, or is an old one that does not know the process. It is treated as a load whose process already runs, and is
 * probed as in any other load. hal0 never leaves a record that says offline while its backend runs, so somebody put this one there.
 */
const takeOver = (step: Step, { pid, runs }: Extract<FoundAtStart, { kind: 'running' }>): void => {
  const { m, context } = step
  m.process = 'running'
  m.pid = pid
  step.enter('starting', { reason: 'its backend was found running without a record', found: { runs } })
  step.setTimer('load', context.config.load_timeout_s)
  step.effects.push({ do: 'probe', attempt: m.attempt, state: 'starting' })
}

const rebooted = (step: Step): void => {
  const { m } = step
  if (isLoading(step.state)) fail(step, loadCancelled(m.record.name, 'the host was restarted'), { acknowledged: true })
  else if (isLoaded(step.state)) {
    step.enter('unloading', { reason: 'the host was restarted', intent: null })
    settle(step)
  } else if (step.state === 'pulling') resumePull(step, 'the host was restarted')
  else settle(step)
}

/**
 * The old daemon died between the write and the start (the ended process is then from an earlier run), or the backend died before
 * it answered. The load was accepted, so it continues. If it cannot succeed, the new process will show why.
 */
const startAgain = (step: Step, remains: boolean): void => {
  const { m, context } = step
  const { name, model } = m.record
  const goesOn = model === context.config.model && context.obstacle === null
  if (remains && !goesOn) m.process = 'running'
  if (model !== context.config.model) {
    fail(step, loadCancelled(name, 'the slot was given another model'), { loadInMs: 0 })
  } else if (context.obstacle !== null) fail(step, context.obstacle)
  else {
    m.process = 'launching'
    resumeLoad(step)
    step.effects.push({ do: 'launch', attempt: m.attempt })
  }
}

const gone = (step: Step, report: Extract<FoundAtStart, { kind: 'ended' | 'none' }>): void => {
  const { m } = step
  const { name } = m.record
  const remains = report.kind === 'ended' && report.exit.remains === true
  const exit =
    report.kind === 'ended' ? report.exit : { exitCode: null, signal: null, outOfMemory: false, lastLines: [] }
  const cause = report.kind === 'ended' ? report.cause : null
  const { lessMemory } = step.context
  const death = crashed(name, exit, exit.outOfMemory, 'while hal0 was not running', { cause, lessMemory })
  if (step.state === 'starting') startAgain(step, remains)
  else if (isLoading(step.state) || isLoaded(step.state)) {
    // What the main process left behind is stopped like the process itself.
    if (remains) m.process = 'running'
    if (isLoading(step.state)) fail(step, death)
    else loadedDied(step, () => death)
  } else if (remains && step.state !== 'pulling') stop(step)
  else if (step.state === 'pulling') resumePull(step, 'the daemon was restarted')
  else settle(step)
}

/** A load that was scheduled after a crash keeps its time over a restart of the daemon, by the wall clock. */
const dueAgain = ({ m, context }: Step): number | null => {
  const { intent, error, since } = m.record
  if (intent !== 'load' || m.crashes.length === 0 || error === null || isPassing(error)) return null
  const whole = nextRestart(m.crashes, context.now) ?? 0
  return context.now + Math.min(whole, Math.max(0, Date.parse(since) + whole - context.wall))
}

export const found = (step: Step, { found: report, crashes }: Extract<Input, { kind: 'found' }>): void => {
  const { m, context } = step
  // The slot was started or stopped before the supervisor answered: what it found is that process.
  if (m.process !== 'unknown') return
  const { lost } = m
  m.process = 'none'
  m.lost = false
  const ago = (crashes ?? []).map((at) => context.now - Math.max(0, context.wall - at))
  m.crashes = recentCrashes(ago, context.now)
  m.due = dueAgain(step)
  const isUntold = step.state === 'offline'
  if (isUntold && report.kind === 'running' && (lost || report.runs !== null)) {
    takeOver(step, report)
    return
  }
  // Not earlier: a daemon that dies in between must not leave a record that says that nothing runs.
  if (isUntold && lost) step.effects.push({ do: 'write', record: m.record })
  m.acknowledged = isAcknowledged(m.record)
  if (report.kind === 'running') running(step, report.pid)
  else if (report.kind === 'rebooted') rebooted(step)
  else gone(step, report)
}
