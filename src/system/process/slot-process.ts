/** The process of one slot: starts it, adopts it, and watches it until it dies. */
import { isDeepStrictEqual } from 'node:util'
import { withDeadline } from '../../lib/async/with-deadline.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { log } from '../../lib/log.ts'
import { readCommandLine } from '../proc/environ.ts'
import type { ProcStat } from '../proc/stat.ts'
import type { ExitReport, Found, LaunchSpec, PortOwner, RunningProcess } from '../supervisor.ts'
import { Ending } from './family/ending.ts'
import { Family } from './family/family.ts'
import { findProcess } from './family/find-process.ts'
import { instanceMark } from './family/instance-mark.ts'
import { type ProcessRecord, RecordFile, recordOf } from './family/record.ts'
import { BackendLog } from './log/backend-log.ts'
import { findPortOwner } from './port-owner.ts'
import { Run, unknownExit } from './run.ts'
import { type ChildExit, spawnBackend } from './spawn.ts'

/** If the disk has not returned the last lines by then, the death is reported without them: it has to be reported within 250 ms. */
const lastLinesLimitMs = 150
/** Limit for a death that nobody waits for. */
const pastLastLinesLimitMs = 2000
/** A stop waits no longer than this for a disk that hangs; the removal itself continues. */
const removeLimitMs = 1000
/** How often processes that outlive their main process are checked, milliseconds. */
const remainderMs = 50
/** Ticks of 50 ms: how long each is a look at a slot's processes, and how often one is later. */
const youngTicks = 40
const lookTicks = 20

type OnExit = (exit: ExitReport) => void

/** A start under way. */
interface Attempt {
  cancelled: boolean
}

export interface SlotProcessOptions {
  name: string
  /** The slot's data folder. */
  folder: string
  /** Bytes at which the log is rotated. */
  logLimit: number
  killLimitMs: number
  /** Whether its processes may be put into a control group. */
  mayGroup: boolean
}

export class SlotProcess {
  readonly log: BackendLog
  readonly #name: string
  readonly #mark: () => string
  readonly #record: RecordFile
  readonly #family: Family
  readonly #ending: Ending
  #run: Run | null = null
  #starting: Attempt | null = null
  #ticks = 0
  /** The record on the disk, or being written. */
  #recorded: ProcessRecord | null = null
  #closed = false

  constructor({ name, folder, logLimit, killLimitMs, mayGroup }: SlotProcessOptions) {
    this.#name = name
    this.#mark = instanceMark(folder)
    this.log = new BackendLog(folder, logLimit)
    this.#record = new RecordFile(folder, name)
    this.#family = new Family(this.#mark, mayGroup)
    this.#ending = new Ending(name, this.#family, killLimitMs)
  }

  /** Like Supervisor.start; a stop in the meantime makes it throw `slot.load_cancelled`. If it throws, onExit is never called. */
  async start(spec: LaunchSpec, onExit: OnExit): Promise<RunningProcess> {
    this.#refuseSecond()
    const attempt: Attempt = { cancelled: false }
    this.#starting = attempt
    try {
      await this.#ending.clear()
      if (attempt.cancelled) throw this.#cancelled()
      const run = await this.#spawn(spec, attempt, onExit)
      await this.#recordStart(run, spec)
      if (attempt.cancelled) {
        // The stop is still ending it, and another start would find the process.
        await run.told
        throw this.#cancelled()
      }
      return run.process
    } finally {
      if (this.#starting === attempt) this.#starting = null
    }
  }

  /** See Supervisor.adopt. */
  async adopt(onExit: OnExit): Promise<Found> {
    this.#refuseSecond()
    const trace = await findProcess(this.#record, this.#mark(), this.#family)
    if (trace.kind === 'running') {
      this.#recorded = trace.record
      const run = new Run(trace.leader, trace.record.started_at, null, (ended, exit) =>
        this.#ended(ended, exit, onExit),
      )
      this.#run = run
      return { kind: 'running', process: run.process, argv: await readCommandLine(run) }
    }
    const remains = await this.#family.remains()
    if (trace.kind !== 'ended' && !('remains' in remains)) return trace
    const lastLines = await this.#lastLines(pastLastLinesLimitMs)
    return { kind: 'ended', exit: { ...unknownExit, outOfMemory: false, lastLines, ...remains } }
  }

  /** See Supervisor.stop. */
  stop(graceMs: number): Promise<void> {
    const run = this.#run
    if (run !== null) run.stopping = true
    if (this.#starting !== null) {
      this.#starting.cancelled = true
      this.#starting = null
      // The caller of the start gets an error from the start itself.
      if (run !== null) run.silent = true
    }
    return this.#ending.stop(graceMs, async () => {
      this.#family.forget()
      run?.look()
      run?.clear()
      await run?.told
      const removed = this.#record.remove().catch((error) => {
        // The process is gone, as requested; the next daemon will find the record of an ended process.
        log.warn(`could not remove ${this.#record.path}`, error)
      })
      await withDeadline(removed, removeLimitMs, null)
    })
  }

  portOwner(port: number): Promise<PortOwner> {
    return findPortOwner(port, this.#mark(), (processes) => this.#family.now(processes))
  }

  async forget(): Promise<void> {
    await this.#record.remove()
    await this.log.remove()
  }

  /**
   * Has to be called every 50 ms.
   * @param look returns every running process
   */
  tick(look: () => readonly ProcStat[]): void {
    if (this.#run === null || this.#closed) return
    this.#run.tick()
    void this.log.bound()
    this.#ticks += 1
    const young = this.#ticks <= youngTicks
    if (!young && !(this.#family.needsLooks && this.#ticks % lookTicks === 0)) return
    this.#family.now(look())
    if (this.#ticks % lookTicks === 0) this.#recordFamily(this.#run)
  }

  close(): void {
    this.#closed = true
    this.log.close()
  }

  #refuseSecond(): void {
    if (this.#run === null && this.#starting === null) return
    throw new Hal0Error('internal', `Slot ${this.#name} already has a process; this is a defect of hal0.`)
  }

  async #spawn(spec: LaunchSpec, attempt: Attempt, onExit: OnExit): Promise<Run> {
    const now = Date.now()
    const logFile = await this.log.openForRun(now)
    try {
      if (attempt.cancelled) throw this.#cancelled()
      const { child, leader } = this.#family.begin(() => spawnBackend(spec, this.#mark(), logFile.fd))
      this.#ticks = 0
      const run = new Run(leader, now, child.ended, (ended, exit) => this.#ended(ended, exit, onExit))
      this.#run = run
      return run
    } finally {
      await logFile.close()
    }
  }

  async #recordStart(run: Run, spec: LaunchSpec): Promise<void> {
    const record = recordOf(run, run.startedAt, spec.argv[0] ?? '', this.#family.traces())
    this.#recorded = record
    try {
      // If a process dies while the disk is slow, that is reported at once; its record would only say that it existed.
      await Promise.race([this.#record.write(record), run.died])
    } catch (error) {
      run.silent = true
      run.stopping = true
      const survivors = await this.#ending.sweep()
      if (survivors.length === 0) await run.told
      throw error
    }
  }

  #cancelled(): Hal0Error {
    return new Hal0Error('slot.load_cancelled', `The start of slot ${this.#name} was cancelled.`)
  }

  async #ended(run: Run, exit: ChildExit, onExit: OnExit): Promise<void> {
    if (this.#closed) return
    const outOfMemory = run.wasOutOfMemory(exit)
    if (run.stopping) await this.#untilNothingRemains(run)
    const remains = run.stopping ? {} : await this.#family.remains()
    const lastLines = await this.#lastLines(lastLinesLimitMs)
    if (this.#run === run) this.#run = null
    if (run.silent) return
    try {
      onExit({ ...exit, outOfMemory, lastLines, ...remains })
    } catch (error) {
      log.error(`the end of slot ${this.#name}'s process could not be reported`, error)
    }
  }

  /** Waits until nothing remains, even after a stop has given up: a process that it could not kill may end later. */
  async #untilNothingRemains(run: Run): Promise<void> {
    let cleared = false
    const clearing = run.cleared.then(() => {
      cleared = true
    })
    while (!cleared && 'remains' in (await this.#family.remains()))
      await Promise.race([clearing, Bun.sleep(remainderMs)])
  }

  /** Records the slot's processes for the next daemon. */
  #recordFamily(run: Run): void {
    if (this.#recorded === null || run.stopping) return
    const record = { ...this.#recorded, ...this.#family.traces() }
    if (isDeepStrictEqual(record, this.#recorded)) return
    this.#recorded = record
    this.#record.write(record).catch((error) => log.warn(`could not write ${this.#record.path}`, error))
  }

  async #lastLines(limitMs: number): Promise<string[]> {
    const reading = this.log.lastLinesOfRun().catch((error) => {
      // The death itself must be reported all the same.
      log.warn(`could not read the log of slot ${this.#name}`, error)
      return []
    })
    return withDeadline(reading, limitMs, [])
  }
}
