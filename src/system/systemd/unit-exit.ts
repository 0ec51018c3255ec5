/** How the main process of a unit ended: systemd knows the exit status, and the journal has the last lines. */
import { isDeepStrictEqual } from 'node:util'
import { withDeadline } from '../../lib/async/with-deadline.ts'
import { log } from '../../lib/log.ts'
import { type ExitReport, lastLinesCount } from '../supervisor.ts'
import type { Journal } from './journal/journal.ts'
import type { UnitRun } from './unit/unit-run.ts'
import { exitOf } from './unit/unit-state.ts'
import type { Units } from './unit/units.ts'

/** If the journal has no lines by then, the death is reported without them: it has to be reported within 250 ms. */
const lastLinesLimitMs = 180
/** Longer limit for a process that failed young and has no line so far: on a busy machine, journald still has the lines that say why. */
const youngLimitMs = 500
const youngMs = 2000
/** Signals from outside: the sender knows why, and the process printed nothing about it. */
const fromOutside = new Set(['SIGKILL', 'SIGTERM'])
/** Limit for a death that nobody waits for. */
const pastLastLinesLimitMs = 3000
/** journald stores lines a moment after they were printed. */
const journalLagMs = 20

export class UnitExit {
  readonly #unit: string
  readonly #units: Units
  readonly #journal: Journal

  constructor(unit: string, units: Units, journal: Journal) {
    this.#unit = unit
    this.#units = units
    this.#journal = journal
  }

  /** How `run` ended, and the unit's control group at that time. */
  async of(run: UnitRun): Promise<{ exit: ExitReport; controlGroup: string }> {
    const ended = this.#units.afterDeath(this.#unit, run.invocation)
    const failedYoung = ended.then(
      (state) => {
        const { exitCode, signal } = exitOf(state)
        return Date.now() - run.startedAt < youngMs && exitCode !== 0 && !fromOutside.has(signal ?? '')
      },
      () => false,
    )
    const printed = this.#lastLines(run.startedAt, lastLinesLimitMs, failedYoung)
    try {
      const state = await ended
      const exit = exitOf(state)
      // If a stop had to kill, that is not an out-of-memory kill, whatever systemd calls it.
      const outOfMemory = exit.outOfMemory && !run.stopping
      return { exit: { ...exit, outOfMemory, lastLines: await printed }, controlGroup: state.controlGroup }
    } catch (error) {
      log.warn(`systemd did not say how ${this.#unit} ended`, error)
      const unknown = { exitCode: null, signal: null, outOfMemory: false }
      return { exit: { ...unknown, lastLines: await printed }, controlGroup: '' }
    }
  }

  /** The last lines of a run that began at `startedAt` and ended long ago. */
  linesSince(startedAt: number): Promise<string[]> {
    return this.#lastLines(startedAt, pastLastLinesLimitMs, Promise.resolve(false))
  }

  /** The lines printed since `startedAt`: read until two reads agree, or the time is over. */
  async #lastLines(startedAt: number, limitMs: number, deservesPatience: Promise<boolean>): Promise<string[]> {
    let seen: string[] = []
    const read = async (): Promise<void> => {
      for (let before: string[] = []; seen.length === 0 || !isDeepStrictEqual(before, seen); ) {
        before = seen
        await Bun.sleep(journalLagMs)
        if (over) return
        const { lines } = await this.#journal.last({ unit: this.#unit, since: startedAt }, lastLinesCount)
        seen = lines.map(({ text }) => text)
      }
    }
    let over = false
    const reading = read().catch((error) => {
      // The death itself must be reported all the same.
      log.warn(`could not read what ${this.#unit} printed`, error)
    })
    await withDeadline(reading, limitMs, undefined)
    if (seen.length === 0 && (await deservesPatience)) await withDeadline(reading, youngLimitMs - limitMs, undefined)
    over = true
    return seen
  }
}
