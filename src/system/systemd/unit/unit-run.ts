/** The main process of a unit, watched until it dies. */
import { isRunning, readStat } from '../../proc/stat.ts'
import type { Identity } from '../../process/family/members.ts'
import type { RunningProcess } from '../../supervisor.ts'
import type { UnitState } from './unit-state.ts'

export class UnitRun implements Identity {
  readonly pid: number
  /** 0: it ended before its start time could be read. */
  readonly startTime: number
  readonly startedAt: number
  /** Identifies this start of the unit. */
  readonly invocation: string
  /** Resolves when its death has been reported. */
  readonly told: Promise<void>
  /** hal0 is stopping it, so its death is expected. */
  stopping = false
  /** Resolves when a stop has ended the whole unit. */
  readonly cleared: Promise<void>
  /** Has to be called when a stop has ended the whole unit. */
  readonly clear: () => void
  readonly #die: () => void

  /** @param onDeath called once; `told` resolves with it */
  constructor({ mainPid, invocation }: UnitState, startedAt: number, onDeath: (run: UnitRun) => Promise<void>) {
    this.pid = mainPid
    this.invocation = invocation
    this.startTime = readStat(mainPid)?.startTime ?? 0
    this.startedAt = startedAt
    const cleared = Promise.withResolvers<void>()
    this.cleared = cleared.promise
    this.clear = cleared.resolve
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#die = resolve
    this.told = promise.then(() => onDeath(this))
  }

  get process(): RunningProcess {
    return { pid: this.pid, startedAt: this.startedAt }
  }

  /** Checks whether the process is dead. It reads /proc once, which saves a call of systemctl. */
  look(): void {
    const stat = readStat(this.pid)
    if (stat === null || stat.startTime !== this.startTime || !isRunning(stat)) this.#die()
  }
}
