/** One backend process, watched until it dies. */
import { isRunning, readStat } from '../proc/stat.ts'
import type { ExitReport, RunningProcess } from '../supervisor.ts'
import type { Identity } from './family/members.ts'
import { OomWatch } from './oom-watch.ts'
import type { ChildExit } from './spawn.ts'

/** Only the parent learns how a process ended. */
export const unknownExit: ChildExit = { exitCode: null, signal: null }

/** While a process is young it may still change its memory group (a wrapper that enters one, then executes the engine). */
const youngTicks = 40
const oomSampleTicks = 4

export class Run implements Identity {
  readonly pid: number
  readonly startTime: number
  readonly startedAt: number
  /** Resolves when the process is dead. */
  readonly died: Promise<ChildExit>
  /** Resolves when its death has been reported. */
  readonly told: Promise<void>
  /** hal0 is stopping it, so its death is expected. */
  stopping = false
  /** Its death must not be reported: whoever started it already got an error, or is gone. */
  silent = false
  /** Resolves when a stop has ended all processes of the slot. */
  readonly cleared: Promise<void>
  /** Has to be called when a stop has ended all processes of the slot. */
  readonly clear: () => void
  readonly #adopted: boolean
  readonly #oom: OomWatch
  readonly #die: (exit: ChildExit) => void
  #ticks = 0

  /**
   * @param childExit its end as its parent learns it; null for an adopted process, whose death is checked at each tick
   * @param onDeath called once; `told` resolves with it
   */
  constructor(
    leader: Identity,
    startedAt: number,
    childExit: Promise<ChildExit> | null,
    onDeath: (run: Run, exit: ChildExit) => Promise<void>,
  ) {
    this.pid = leader.pid
    this.startTime = leader.startTime
    this.startedAt = startedAt
    this.#adopted = childExit === null
    this.#oom = new OomWatch(leader.pid)
    const { promise, resolve } = Promise.withResolvers<ChildExit>()
    this.#die = resolve
    this.died = childExit ?? promise
    const cleared = Promise.withResolvers<void>()
    this.cleared = cleared.promise
    this.clear = cleared.resolve
    this.told = this.died.then((exit) => onDeath(this, exit))
  }

  get process(): RunningProcess {
    return { pid: this.pid, startedAt: this.startedAt }
  }

  /** Checks the process; has to be called every 50 ms. */
  tick(): void {
    this.look()
    if (this.#ticks < youngTicks || this.#ticks % oomSampleTicks === 0) this.#oom.sample()
    this.#ticks += 1
  }

  /** Notices the death of an adopted process. */
  look(): void {
    if (!this.#adopted) return
    const stat = readStat(this.pid)
    if (stat === null || stat.startTime !== this.startTime || !isRunning(stat)) this.#die(unknownExit)
  }

  /** Whether the OOM killer caused this end. */
  wasOutOfMemory(exit: ChildExit): ExitReport['outOfMemory'] {
    return this.stopping ? false : this.#oom.explains(exit)
  }
}
