/**
 * Writes one slot's records in order, each atomically and durably, after the decisions: no request waits for the disk. A record that
 * was announced but could not be written is retried until the disk recovers. A load's first record fails at once, so that the
 * load can be refused.
 */
import type { SlotRecord } from '../../../contract/slot.ts'
import type { Clock } from '../../../lib/clock.ts'
import { Hal0Error } from '../../../lib/hal0-error.ts'

/** Writes the text of a record durably. @throws Hal0Error `storage.full`, `storage.failed` */
export type SaveRecord = (name: string, json: string) => Promise<void>

interface Job {
  json: string
  seq: number
  /** Set for a commit: called once with the result; a failure drops the job. */
  commit: ((error: Hal0Error | null) => void) | null
  /** Restores what was durable before a failed commit; this is not reported. */
  restores: boolean
}

const firstRetryMs = 250
const longestRetryMs = 5000
/** Beyond this many unwritten records the oldest are dropped: the disk then shows the newest states once it is back. */
const mostPending = 256

export class RecordWriter {
  readonly #name: string
  readonly #save: SaveRecord
  readonly #clock: Clock
  readonly #onDurable: (json: string) => void
  #jobs: Job[] = []
  #running = false
  #closed = false
  #retryMs = firstRetryMs
  /** Ends the wait for the next attempt; set only during that wait. A new write wants to know the current state of the disk. */
  #retryNow: (() => void) | null = null
  #problem: Hal0Error | null = null
  #idle: (() => void)[] = []
  #last: string | null
  #toldSeq: number | null

  /**
   * @param onDurable called with the text of each transition's record once it is on disk, in order; not for a record that replaces
   *   one with the same number
   * @param onDisk what is already on the disk, if anything
   */
  constructor(name: string, save: SaveRecord, clock: Clock, onDurable: (json: string) => void, onDisk: string | null) {
    this.#name = name
    this.#save = save
    this.#clock = clock
    this.#onDurable = onDurable
    this.#last = onDisk
    this.#toldSeq = onDisk === null ? null : (JSON.parse(onDisk) as SlotRecord).seq
  }

  /** The text of the last durable record. */
  get durable(): string | null {
    return this.#last
  }

  /** Why the disk is behind; null when it is not. */
  get problem(): Hal0Error | null {
    return this.#problem
  }

  write(record: SlotRecord): void {
    this.#add({ json: JSON.stringify(record), seq: record.seq, commit: null, restores: false })
  }

  /** @param done called with the result; after an error the record was not written and will not be */
  commit(record: SlotRecord, done: (error: Hal0Error | null) => void): void {
    this.#add({ json: JSON.stringify(record), seq: record.seq, commit: done, restores: false })
  }

  /** Resolves when nothing is left to write, or the disk has just refused: a write that waits for a retry is tried at once. */
  settled(): Promise<void> {
    if (!this.#running) return Promise.resolve()
    const settled = new Promise<void>((resolve) => this.#idle.push(resolve))
    this.#retryNow?.()
    return settled
  }

  /** From now on nothing is written or reported, except for the current write: `settled` waits for it. */
  close(): void {
    this.#closed = true
    this.#jobs = []
    this.#retryNow?.()
  }

  #add(job: Job): void {
    if (this.#closed) return
    this.#jobs.push(job)
    if (this.#jobs.length > mostPending) {
      const oldest = this.#jobs.findIndex((one, at) => at > 0 && one.commit === null)
      if (oldest > 0) this.#jobs.splice(oldest, 1)
    }
    if (!this.#running) {
      this.#running = true
      void this.#drain()
    } else this.#retryNow?.()
  }

  /** Never rejects: every failure is reported in `problem` or by a commit's callback. */
  async #drain(): Promise<void> {
    for (let job = this.#jobs[0]; job !== undefined; job = this.#jobs[0]) {
      try {
        await this.#save(this.#name, job.json)
      } catch (error) {
        await this.#failed(Hal0Error.from(error))
        continue
      }
      if (this.#closed) break
      this.#retryMs = firstRetryMs
      this.#jobs.shift()
      // Not after the first record of a backlog: state.json still shows an older state then.
      if (this.#jobs.length === 0) this.#problem = null
      if (job.restores) continue
      this.#last = job.json
      job.commit?.(null)
      if (job.seq === this.#toldSeq) continue
      this.#toldSeq = job.seq
      this.#onDurable(job.json)
    }
    this.#running = false
    this.#wake()
  }

  async #failed(error: Hal0Error): Promise<void> {
    this.#failCommits(error)
    if (this.#jobs.length === 0) return
    this.#problem = error
    this.#wake()
    const wait = this.#retryMs
    this.#retryMs = Math.min(longestRetryMs, wait * 2)
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.setTimer(wait, resolve)
      this.#retryNow = () => {
        this.#retryNow = null
        cancel()
        resolve()
      }
    })
    this.#retryNow = null
  }

  #failCommits(error: Hal0Error): void {
    const commits = this.#jobs.filter((job) => job.commit !== null)
    this.#jobs = this.#jobs.filter((job) => job.commit === null)
    if (commits.length > 0 && this.#jobs.length === 0 && this.#last !== null) {
      // The rename may have happened although the write counts as failed: the disk must not keep a load that was refused.
      this.#jobs.push({ json: this.#last, seq: -1, commit: null, restores: true })
    }
    for (const job of commits) job.commit?.(error)
  }

  #wake(): void {
    const waiting = this.#idle
    this.#idle = []
    for (const resolve of waiting) resolve()
  }
}
