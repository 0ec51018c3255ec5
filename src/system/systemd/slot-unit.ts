/** The unit of one slot: starts it, adopts it, and watches it until its main process dies. */
import { Hal0Error } from '../../lib/hal0-error.ts'
import { log } from '../../lib/log.ts'
import { isOfThisBoot } from '../proc/boot-id.ts'
import { isInUnitGroup } from '../proc/cgroup.ts'
import { readCommandLine } from '../proc/environ.ts'
import { runningProcesses } from '../proc/stat.ts'
import { instanceMark, markVariable } from '../process/family/instance-mark.ts'
import { spawnFailed } from '../spawn-error.ts'
import type { ExitReport, Found, LaunchSpec, LogFrom, PortOwner, RunningProcess, TakeLog } from '../supervisor.ts'
import type { Journal } from './journal/journal.ts'
import type { JournalFollower, LastLines } from './journal/journal-follower.ts'
import { LogStart } from './journal/log-start.ts'
import { launchRecord, readLaunchRecord, refuseUnfit, removeLaunchRecord, writeLaunchRecord } from './launch-file.ts'
import { launchErrno } from './launch-outcome.ts'
import { unitPortOwner } from './unit/unit-port-owner.ts'
import { UnitRun } from './unit/unit-run.ts'
import { exitOf, isOver, type UnitState } from './unit/unit-state.ts'
import type { Units } from './unit/units.ts'
import { UnitExit } from './unit-exit.ts'

/** Whether any process runs in a unit's control group. */
const hasProcesses = (controlGroup: string): boolean =>
  controlGroup !== '' && runningProcesses().some(({ pid }) => isInUnitGroup(pid, controlGroup))

/** How often a unit that a stop could not end is polled, milliseconds. */
const remainderMs = 500

type OnExit = (exit: ExitReport) => void

interface Attempt {
  cancelled: boolean
}

export interface SlotUnitOptions {
  name: string
  /** The slot's data folder. */
  folder: string
  units: Units
  journal: Journal
}

export class SlotUnit {
  readonly #name: string
  readonly #unit: string
  readonly #folder: string
  readonly #units: Units
  readonly #journal: Journal
  readonly #mark: () => string
  readonly #logStart: LogStart
  readonly #exit: UnitExit
  #run: UnitRun | null = null
  #starting: Attempt | null = null
  #stopping: Promise<void> | null = null
  /** Never rejects. */
  #clearing: Promise<void> = Promise.resolve()
  #closed = false

  constructor({ name, folder, units, journal }: SlotUnitOptions) {
    this.#name = name
    this.#unit = `hal0-slot@${name}.service`
    this.#folder = folder
    this.#units = units
    this.#journal = journal
    this.#mark = instanceMark(folder)
    this.#logStart = new LogStart(folder, name)
    this.#exit = new UnitExit(this.#unit, units, journal)
  }

  /** Like Supervisor.start; a stop in the meantime makes it throw `slot.load_cancelled`. If it throws, onExit is never called. */
  async start(spec: LaunchSpec, onExit: OnExit): Promise<RunningProcess> {
    if (this.#run !== null || this.#starting !== null) throw this.#second()
    refuseUnfit(spec)
    const attempt: Attempt = { cancelled: false }
    this.#starting = attempt
    try {
      // What an earlier start left (children, a stop under way) has to end first: otherwise systemd takes the unit for started already.
      await this.#stopping?.catch(() => null)
      await this.#clearing
      await this.#units.end(this.#unit, 0)
      const startedAt = Date.now()
      await this.#logStart.begin(startedAt)
      await writeLaunchRecord(this.#folder, this.#name, launchRecord(spec, this.#env(spec), startedAt))
      if (attempt.cancelled) throw this.#cancelled()
      await this.#units.start(this.#unit)
      const state = await this.#executed(spec, attempt)
      const run = new UnitRun(state, startedAt, (ended) => this.#ended(ended, onExit))
      this.#run = run
      return run.process
    } catch (error) {
      await this.#undo(attempt)
      throw error
    } finally {
      if (this.#starting === attempt) this.#starting = null
    }
  }

  /** See Supervisor.adopt. */
  async adopt(onExit: OnExit): Promise<Found> {
    if (this.#run !== null || this.#starting !== null) throw this.#second()
    const state = await this.#units.show(this.#unit)
    const record = await readLaunchRecord(this.#folder)
    if (!isOver(state) && state.mainPid > 0) {
      const run = new UnitRun(state, record?.started_at ?? Date.now(), (ended) => this.#ended(ended, onExit))
      this.#run = run
      return { kind: 'running', process: run.process, argv: (await readCommandLine(run)) ?? record?.argv ?? null }
    }
    const remains = hasProcesses(state.controlGroup)
    if (record === null && !remains) return { kind: 'none' }
    if (record !== null && !isOfThisBoot(record)) {
      await removeLaunchRecord(this.#folder, this.#name)
      return { kind: 'rebooted' }
    }
    const lastLines = record === null ? [] : await this.#exit.linesSince(record.started_at)
    const exit: ExitReport = { ...exitOf(state), lastLines }
    if (remains) exit.remains = true
    else this.#clear()
    return { kind: 'ended', exit }
  }

  /** See Supervisor.stop. */
  stop(graceMs: number): Promise<void> {
    if (this.#run !== null) this.#run.stopping = true
    if (this.#starting !== null) {
      this.#starting.cancelled = true
      this.#starting = null
    }
    if (this.#stopping !== null) {
      this.#units.hasten(this.#unit, graceMs)
      return this.#stopping
    }
    this.#stopping = this.#stop(graceMs).finally(() => {
      this.#stopping = null
    })
    return this.#stopping
  }

  portOwner(port: number): Promise<PortOwner> {
    return unitPortOwner(port, this.#mark(), this.#run)
  }

  async logs(lines: number): Promise<string[]> {
    return (await this.#lastLogs(lines)).lines.map(({ text }) => text)
  }

  followLogs(take: TakeLog, from: LogFrom): JournalFollower {
    const before = 'after' in from ? () => this.#logsAfter(from.after) : () => this.#lastLogs(from.lines)
    return this.#journal.follow(this.#unit, take, 'lines' in from && from.lines === 0 ? null : before)
  }

  async forget(): Promise<void> {
    await removeLaunchRecord(this.#folder, this.#name)
    await this.#logStart.remove()
  }

  /** Has to be called every 50 ms. */
  tick(): void {
    if (!this.#closed) this.#run?.look()
  }

  close(): void {
    this.#closed = true
  }

  async #stop(graceMs: number): Promise<void> {
    const run = this.#run
    await this.#units.end(this.#unit, graceMs)
    run?.clear()
    run?.look()
    await run?.told
    await removeLaunchRecord(this.#folder, this.#name)
  }

  /** Waits until the launcher has become the backend. @throws Hal0Error `slot.spawn_failed` when it could not */
  async #executed(spec: LaunchSpec, attempt: Attempt): Promise<UnitState> {
    const state = await this.#units.executed(this.#unit)
    if (attempt.cancelled) throw this.#cancelled()
    const errno = state.mainPid === 0 && state.how === 1 ? launchErrno(state.status) : null
    if (errno !== null) throw spawnFailed(spec, errno === '' ? null : errno, `the unit ended with ${state.status}`)
    return state
  }

  /** Cleans up after a failed start. A stop that came in between may have found nothing to stop yet. */
  async #undo(attempt: Attempt): Promise<void> {
    try {
      await this.#units.end(this.#unit, 0)
      await removeLaunchRecord(this.#folder, this.#name)
      if (attempt.cancelled) await this.#stopping
    } catch (error) {
      // The caller has to get the reason why the start failed, not this one.
      log.warn(`could not clean up after ${this.#unit}`, error)
    }
  }

  async #ended(run: UnitRun, onExit: OnExit): Promise<void> {
    if (this.#closed) return
    const { exit, controlGroup } = await this.#exit.of(run)
    if (run.stopping) await this.#untilOver(run)
    else if (hasProcesses(controlGroup)) exit.remains = true
    else this.#clear()
    if (this.#run === run) this.#run = null
    try {
      onExit(exit)
    } catch (error) {
      log.error(`the end of slot ${this.#name}'s process could not be reported`, error)
    }
  }

  /**
   * Stops a unit whose process has ended with success, since it stays active until then. The next start waits for this stop: a start
   * that overtook it was killed by it.
   */
  #clear(): void {
    this.#clearing = this.#units.end(this.#unit, 0).catch((error) => log.warn(`could not clear ${this.#unit}`, error))
  }

  /** Waits until the unit is over, even after a stop has given up: a process that it could not kill may end later. */
  async #untilOver(run: UnitRun): Promise<void> {
    let cleared = false
    const clearing = run.cleared.then(() => {
      cleared = true
    })
    const isOverNow = () => this.#units.show(this.#unit).then(isOver, () => false)
    while (!cleared && !(await isOverNow())) await Promise.race([clearing, Bun.sleep(remainderMs)])
  }

  async #lastLogs(lines: number): Promise<LastLines> {
    const since = await this.#logStart.read()
    return since === null ? { lines: [], cursor: null } : this.#journal.last({ unit: this.#unit, since }, lines)
  }

  /** What an entry is followed by; a gap where it is none of this slot, or is not there any more. */
  async #logsAfter(cursor: string): Promise<LastLines> {
    const since = await this.#logStart.read()
    return since === null ? { lines: [], cursor: null } : this.#journal.after({ unit: this.#unit, since }, cursor)
  }

  #env(spec: LaunchSpec): Record<string, string> {
    return { ...spec.env, [markVariable]: this.#mark() }
  }

  #second(): Hal0Error {
    return new Hal0Error('internal', `Slot ${this.#name} already has a process; this is a defect of hal0.`)
  }

  #cancelled(): Hal0Error {
    return new Hal0Error('slot.load_cancelled', `The start of slot ${this.#name} was cancelled.`)
  }
}
