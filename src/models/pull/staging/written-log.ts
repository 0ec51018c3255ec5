/** Tracks the written ranges of a partial file, and updates the journal after some bytes or some time, one update at a time. */
import type { Clock } from '../../../lib/clock.ts'
import { type Range, Ranges } from '../../../lib/ranges.ts'
import type { PartialFile } from './partial-file.ts'

export interface WrittenLogPorts {
  clock: Clock
  file: Pick<PartialFile, 'persist' | 'reset'>
  /** Writes a record of durable ranges, durably. */
  record: (written: Range[]) => Promise<void>
  /** The journal was updated (null), or failed. */
  onChange: (error: unknown) => void
  dueBytes: number
  dueMs: number
}

export class WrittenLog {
  readonly ranges: Ranges
  readonly #ports: WrittenLogPorts
  /** Bytes of `ranges` that would be lost in a crash. */
  #exposed = 0
  #cancelTimer: (() => void) | null = null
  #running: Promise<void> | null = null
  /** A failed fsync must not be repeated: the kernel may have dropped the data, and the second fsync would succeed. */
  #failed: { error: unknown } | null = null

  /** @param known ranges from an earlier journal */
  constructor(known: Range[], ports: WrittenLogPorts) {
    this.ranges = new Ranges(known)
    this.#ports = ports
  }

  get exposed(): number {
    return this.#exposed
  }

  /** These bytes were written. */
  add(from: number, to: number): void {
    this.ranges.add(from, to)
    this.#exposed += to - from
    const { clock, dueBytes, dueMs } = this.#ports
    if (this.#exposed >= dueBytes) this.#start()
    else
      this.#cancelTimer ??= clock.setTimer(dueMs, () => {
        this.#cancelTimer = null
        this.#start()
      })
  }

  /** Resolves once everything that was added is recorded. @throws Hal0Error of the disk */
  async flush(): Promise<void> {
    this.#stopTimer()
    await this.#idle()
    if (this.#exposed > 0) await this.#save()
  }

  /** The file was reset: nothing is written. Nothing may be added until this resolves. */
  async reset(): Promise<void> {
    this.#stopTimer()
    await this.#idle()
    this.ranges.clear()
    this.#exposed = 0
    // First the record, then the data: a crash in between must not leave a record of lost data.
    await this.#ports.record([])
    await this.#ports.file.reset()
  }

  #start(): void {
    if (this.#running !== null) return
    this.#stopTimer()
    this.#running = this.#save().then(
      () => {
        this.#running = null
        this.#ports.onChange(null)
        if (this.#exposed >= this.#ports.dueBytes) this.#start()
      },
      (error: unknown) => {
        this.#running = null
        this.#ports.onChange(error)
      },
    )
  }

  async #save(): Promise<void> {
    if (this.#failed !== null) throw this.#failed.error
    const snapshot = this.ranges.toArray()
    const covered = this.#exposed
    try {
      await this.#ports.file.persist()
      await this.#ports.record(snapshot)
    } catch (error) {
      this.#failed = { error }
      throw error
    }
    this.#exposed -= covered
  }

  async #idle(): Promise<void> {
    // A failure is reported by `onChange`, and by the next save.
    while (this.#running !== null) await Promise.allSettled([this.#running])
  }

  #stopTimer(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = null
  }
}
