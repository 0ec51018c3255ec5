/** Handles reports about a load and its process. */
import type { Hal0Error } from '../../lib/hal0-error.ts'
import type { Input } from '../machine/machine.ts'
import { crashed, portInUse } from '../machine/slot-errors.ts'
import { isLoaded, isLoading } from '../machine/states.ts'
import { fail, loadedDied, settle } from './flow.ts'
import type { Step } from './step.ts'
import { readyAgain } from './timers.ts'
import { admitWaiting, watchDeadlines } from './waiting.ts'

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

/** The probe passed. Even a backend that is ready at its first answer goes through warming. */
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
  // The stop that ends the other processes reports when they are gone.
  else if (m.process === 'stopping') return
  const { name, port } = m.record
  const { exit, outOfMemory, cause } = report
  const death = (when: string) => crashed(name, exit, outOfMemory, when, { cause, lessMemory: context.lessMemory })
  if (isLoading(step.state)) {
    const stolen = report.port.kind === 'other'
    fail(step, stolen ? portInUse(name, port, report.port) : death('while it was loading'))
  } else if (isLoaded(step.state)) loadedDied(step, () => death('while it was loaded'))
  else settle(step)
}
