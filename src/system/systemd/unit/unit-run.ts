/** The main process of a unit, watched until its death. */
import { isRunning, readStat } from '../../proc/stat.ts'
import type { Identity } from '../../process/family/members.ts'
import type { RunningProcess } from '../../supervisor.ts'
import type { UnitState } from './unit-state.ts'

export class UnitRun implements Identity {
  readonly pid: number
  /** 0: it ended before it could be looked at. */
  readonly startTime: number
  readonly startedAt: number
  /** Which start of the unit this is. */
  readonly invocation: string
  /** Resolves when its death has been told. */
  readonly told: Promise<void>
  /** hal0 is ending it: no death is a surprise any more. */
  stopping = false
  /** Resolves when a stop has ended everything of the unit. */
  readonly cleared: Promise<void>
  /** A stop has ended everything of the unit. */
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

  /** Notices the death: one look at /proc, so that it costs no call of systemctl. */
  look(): void {
    const stat = readStat(this.pid)
    if (stat === null || stat.startTime !== this.startTime || !isRunning(stat)) this.#die()
  }
}
