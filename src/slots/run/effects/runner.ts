/** Carries out the effects that reach outside: launching, probing, stopping. The results are reported back. */
import type { Clock } from '../../../lib/clock.ts'
import { Hal0Error } from '../../../lib/hal0-error.ts'
import { log } from '../../../lib/log.ts'
import type { Cause, WatchPlan, WholeConfig } from '../../../providers/provider.ts'
import type { ExitReport, Found, Supervisor } from '../../../system/supervisor.ts'
import type { CrashTimes, Effect, FoundAtStart, Input, Machine } from '../../machine/machine.ts'
import { portInUse } from '../../machine/slot-errors.ts'
import { isLoading } from '../../machine/states.ts'
import type { Planner } from '../planner.ts'
import type { SlotKey } from '../slot-key.ts'
import type { Probe } from './probe.ts'
import type { SlotMemory } from './slot-memory.ts'
import { SlotPort } from './slot-port.ts'

type OutsideEffect = Extract<Effect, { do: 'launch' | 'probe' | 'check-port' | 'stop' }>

export interface RunnerDeps {
  clock: Clock
  supervisor: Supervisor
  planner: Planner
  probe: Probe
  memory: SlotMemory
  key: SlotKey
  report: (input: Input) => void
  config: () => WholeConfig
  machine: () => Machine
  /** Resolves when every record so far is durable, or the disk has refused one. */
  recorded: () => Promise<void>
}

/** A stop waits no longer than this for a disk that hangs. */
const recordLimitMs = 1000

/** SIGTERM to a process whose plan is not known (it was adopted), then this long until SIGKILL. */
const unplannedGraceMs = 2000

export class SlotRunner {
  readonly #name: string
  readonly #deps: RunnerDeps
  readonly #port: SlotPort
  #endProbe: (() => void) | null = null
  #graceMs = unplannedGraceMs
  /** The last attempt that was stopped while it was being launched. */
  #stopped = 0
  #launching = 0
  /** The supervisor's answer about an earlier daemon's process, while it is pending. */
  #adopting: Promise<Found> | null = null

  constructor(name: string, deps: RunnerDeps) {
    this.#name = name
    this.#deps = deps
    this.#port = new SlotPort(name, deps.supervisor, deps.clock)
  }

  run(effect: OutsideEffect): void {
    const machine = this.#deps.machine()
    switch (effect.do) {
      case 'launch':
        void this.#launch(effect.attempt, machine)
        break
      case 'probe':
        void this.#probeAdopted(effect.attempt, machine)
        break
      case 'check-port':
        void this.#checkPort(effect.attempt, machine.record.port)
        break
      case 'stop':
        void this.#stop(effect.attempt)
        break
    }
  }

  /** @param attempt the number under which the process will be known */
  async adopt(attempt: number): Promise<{ found: FoundAtStart; crashes: CrashTimes }> {
    const { memory, supervisor, planner, key } = this.#deps
    const crashes = await memory.recall()
    await key.recall()
    this.#adopting = supervisor.adopt(this.#name, (exit) => void this.#exited(attempt, exit))
    const found = await this.#adopting
    if (found.kind === 'ended') return { found: { ...found, cause: this.#causeOf(found.exit) }, crashes }
    if (found.kind !== 'running') return { found, crashes }
    const { process, argv } = found
    const runs = argv === null ? null : planner.recognise(argv)
    return { found: { kind: 'running', pid: process.pid, runs }, crashes }
  }

  close(): void {
    this.#endProbe?.()
  }

  async #launch(attempt: number, machine: Machine): Promise<void> {
    const { supervisor, planner, report, config, key } = this.#deps
    const { port, provider } = machine.record
    this.#launching = attempt
    try {
      const plan = await planner.plan(config())
      await this.#endEarlier(plan.stopGraceMs)
      await this.#port.free(port, plan.stopGraceMs)
      if (this.#stopped >= attempt)
        throw new Hal0Error('slot.load_cancelled', `The load of slot ${this.#name} was cancelled.`)
      this.#graceMs = plan.stopGraceMs
      const spec = await key.renewed(plan.spec, planner.backend(provider).keyVariable)
      const process = await supervisor.start(spec, (exit) => void this.#exited(attempt, exit))
      report({ kind: 'spawned', attempt, pid: process.pid })
      // A stop that came during the start found nothing to stop; it is repeated now.
      if (this.#stopped >= attempt) await this.#stop(attempt)
      // It may have died and been reported before the start returned.
      else if (this.#deps.machine().process === 'running')
        this.#watch(attempt, port, plan, machine.loadBegan ?? this.#deps.clock.now())
    } catch (error) {
      report({ kind: 'launch-failed', attempt, error: this.#typed(error, 'slot.spawn_failed', 'could not be started') })
    } finally {
      // Its process may have ended, and the next launch have begun, while it waited for the repeated stop.
      if (this.#launching === attempt) this.#launching = 0
    }
  }

  /** While the supervisor is still being asked, it may adopt an earlier daemon's process during a load: that process is ended first. */
  async #endEarlier(graceMs: number): Promise<void> {
    const asking = this.#adopting
    if (asking === null) return
    this.#adopting = null
    const found = await asking.catch(() => null)
    if (found?.kind === 'running') await this.#deps.supervisor.stop(this.#name, graceMs)
  }

  #watch(attempt: number, port: number, plan: WatchPlan, began: number): void {
    const { report, probe, memory, config, key } = this.#deps
    this.#endProbe?.()
    this.#endProbe = probe.watch(
      {
        name: this.#name,
        port,
        key: key.current,
        plan,
        began,
        expectedMs: memory.expectedMs(config().model),
        portOwner: () => this.#port.owner(port),
      },
      {
        answered: () => report({ kind: 'answered', attempt }),
        ready: () => report({ kind: 'ready', attempt }),
        failed: (error) => report({ kind: 'probe-failed', attempt, error }),
      },
    )
  }

  async #probeAdopted(attempt: number, machine: Machine): Promise<void> {
    try {
      const { model, port } = machine.record
      const plan = await this.#deps.planner.watchPlan({ ...this.#deps.config(), model, port })
      this.#graceMs = plan.stopGraceMs
      if (this.#stopped < attempt) this.#watch(attempt, port, plan, machine.loadBegan ?? this.#deps.clock.now())
    } catch (error) {
      this.#deps.report({
        kind: 'probe-failed',
        attempt,
        error: this.#typed(error, 'slot.probe_failed', 'could not be watched'),
      })
    }
  }

  async #checkPort(attempt: number, port: number): Promise<void> {
    try {
      const owner = await this.#port.owner(port)
      if (owner.kind === 'other') {
        this.#deps.report({ kind: 'probe-failed', attempt, error: portInUse(this.#name, port, owner) })
      }
    } catch (error) {
      log.warn(`slot ${this.#name}: could not find out who has port ${port}`, error)
    }
  }

  async #stop(attempt: number): Promise<void> {
    this.#stopped = attempt
    this.#endProbe?.()
    this.#endProbe = null
    try {
      // The reason of the end is written first: otherwise, if the daemon dies in between, it would look like a crash.
      await this.#untilRecorded()
      if (!this.#isStopping(attempt)) return
      await this.#deps.supervisor.stop(this.#name, this.#graceMs)
      if (this.#isStopping(attempt) && this.#launching !== attempt) {
        // There was nothing to stop, so no exit will be reported: without this the slot would unload for ever.
        await this.#exited(attempt, { exitCode: null, signal: null, outOfMemory: false, lastLines: [] })
      }
    } catch (error) {
      this.#deps.report({
        kind: 'stop-failed',
        attempt,
        error: this.#typed(error, 'slot.stop_failed', 'could not be stopped'),
      })
    }
  }

  #isStopping(attempt: number): boolean {
    const { process, attempt: current } = this.#deps.machine()
    return process === 'stopping' && current === attempt
  }

  #untilRecorded(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#deps.clock.setTimer(recordLimitMs, resolve)
      void this.#deps.recorded().then(() => {
        cancel()
        resolve()
      })
    })
  }

  async #exited(attempt: number, exit: ExitReport): Promise<void> {
    const { planner, report, config } = this.#deps
    this.#endProbe?.()
    this.#endProbe = null
    const { port, state } = this.#deps.machine().record
    const cause = this.#causeOf(exit)
    const outOfMemory = planner.ranOutOfMemory(config(), exit.lastLines, isLoading(state)) || exit.outOfMemory
    try {
      // A backend that dies while loading may have found its port taken; its current owner shows that.
      const owner = isLoading(this.#deps.machine().record.state)
        ? await this.#port.owner(port)
        : ({ kind: 'none' } as const)
      report({ kind: 'exited', attempt, exit, outOfMemory, port: owner, cause })
    } catch (error) {
      log.warn(`slot ${this.#name}: could not find out who has port ${port}`, error)
      report({ kind: 'exited', attempt, exit, outOfMemory, port: { kind: 'none' }, cause })
    }
  }

  #causeOf(exit: ExitReport): Cause | null {
    const { planner, config, machine } = this.#deps
    return planner.causeOf(config(), exit, isLoading(machine().record.state))
  }

  #typed(
    error: unknown,
    code: 'slot.spawn_failed' | 'slot.probe_failed' | 'slot.stop_failed',
    what: string,
  ): Hal0Error {
    if (error instanceof Hal0Error) return error
    log.error(`slot ${this.#name}`, error)
    return new Hal0Error(code, `The backend of slot ${this.#name} ${what}; hal0's log says why.`, { cause: error })
  }
}
