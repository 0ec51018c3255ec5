/** What is reported about a load and about the process, and what follows. */
import type { Hal0Error } from '../lib/hal0-error.ts'
import { fail, settle } from './decide-flow.ts'
import { pullBegun } from './decide-pull.ts'
import { readyAgain } from './decide-timers.ts'
import { admitWaiting, refuseWaiting, watchDeadlines } from './decide-waiting.ts'
import type { Input } from './machine.ts'
import { nextRestart } from './restart-policy.ts'
import { crashed, loadCancelled, portInUse } from './slot-errors.ts'
import { isLoaded, isLoading } from './states.ts'
import type { Step } from './step.ts'

/** The transition to starting (or pulling) is durable: it becomes true, and the process (or the pull) may be started. */
export const committed = (step: Step): void => {
  const { m, context } = step
  if (m.committing === null) return
  m.record = m.committing
  m.committing = null
  m.attempt += 1
  if (m.record.state === 'pulling') {
    pullBegun(step)
    return
  }
  m.loadBegan = context.now
  if (m.after !== 'stay') {
    const again = m.after === 'load'
    fail(
      step,
      loadCancelled(m.record.name, again ? 'a restart was requested' : 'it was asked for'),
      again ? 'load' : 'offline',
    )
    return
  }
  m.process = 'launching'
  step.setTimer('load', context.config.load_timeout_s)
  step.effects.push({ do: 'launch', attempt: m.attempt })
}

/** The disk refused the transition: it did not happen. */
export const commitFailed = (step: Step, error: Hal0Error): void => {
  const { m } = step
  if (m.committing === null) return
  m.committing = null
  m.after = 'stay'
  if (step.state === 'pulling') fail(step, error)
  else refuseWaiting(step, error)
}

export const spawned = (step: Step, pid: number): void => {
  step.m.pid = pid
  if (step.m.process === 'launching') step.m.process = 'running'
}

export const launchFailed = (step: Step, error: Hal0Error): void => {
  step.m.process = 'none'
  if (isLoading(step.state)) fail(step, error)
  else settle(step)
}

export const answered = (step: Step): void => {
  if (step.state !== 'starting') return
  step.enter('warming', { reason: 'the backend is up and loads its model' })
  watchDeadlines(step)
}

/** The probe passed. Also a backend that is ready with its first answer goes through warming. */
export const ready = (step: Step): void => {
  const { m, context } = step
  answered(step)
  if (step.state !== 'warming') return
  step.clearTimers('load')
  step.enter('ready', { reason: 'passed its probe' })
  if (m.loadBegan !== null) step.effects.push({ do: 'learn', loadMs: context.now - m.loadBegan })
  m.loadBegan = null
  m.lastEnd = context.now
  admitWaiting(step)
  if (m.inFlight === 0) readyAgain(step)
}

export const probeFailed = (step: Step, error: Hal0Error): void => {
  if (isLoading(step.state) || isLoaded(step.state)) fail(step, error)
}

export const exited = (step: Step, report: Extract<Input, { kind: 'exited' }>): void => {
  const { m, context } = step
  if (report.exit.remains !== true) m.process = 'none'
  // The stop that ends the others tells when they are gone.
  else if (m.process === 'stopping') return
  const { name, port } = m.record
  if (isLoading(step.state)) {
    const stolen = report.port.kind === 'other'
    fail(
      step,
      stolen
        ? portInUse(name, port, report.port)
        : crashed(name, report.exit, report.outOfMemory, 'while it was loading', report.cause),
    )
  } else if (isLoaded(step.state)) {
    fail(step, crashed(name, report.exit, report.outOfMemory, 'while it was loaded', report.cause))
    m.crashes = [...m.crashes, context.now].slice(-10)
    const again = context.config.restart === 'on-failure' ? nextRestart(m.crashes, context.now) : null
    if (again !== null) step.setTimer('restart', again / 1000)
  } else settle(step)
}

/** The process survives SIGKILL (stuck in the kernel): unloading ends in error; its death will still be heard of. */
export const stopFailed = (step: Step, error: Hal0Error): void => {
  const { m } = step
  if (step.state !== 'unloading') return
  const body = error.body()
  m.after = 'stay'
  step.enter('error', { reason: body.message, error: body })
}
