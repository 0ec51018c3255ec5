/** The records of all pulls that have not ended: written before a pull is accepted, removed once it has ended. */
import { lstat, readdir, rm } from 'node:fs/promises'
import type { PullRequest } from '../../../contract/models/pull.ts'
import { Mutex } from '../../../lib/async/mutex.ts'
import type { Clock } from '../../../lib/clock.ts'
import { Hal0Error } from '../../../lib/hal0-error.ts'
import { log } from '../../../lib/log.ts'
import { removeFile, syncFolder, writeFileAtomic } from '../../../system/files/atomic-file.ts'
import { storageError } from '../../../system/files/storage-error.ts'
import { idOfRecord, type PullRecord, readRecord, recordPath } from './record.ts'

/** Pause between attempts to remove a record, milliseconds. */
const againMs = 10_000

export class PullRecords {
  readonly #models: string
  readonly #clock: Clock
  readonly #kept = new Map<string, PullRecord>()
  /** Why a record that was found cannot be used, by its id. */
  readonly #damaged = new Map<string, string>()
  /** Ended pulls whose records could not be removed yet, by id. */
  readonly #unremoved = new Map<string, { error: Hal0Error; cancelTimer: () => void }>()
  /** Only one write or removal of a record at a time. */
  readonly #turns = new Map<string, Mutex>()
  #lastPlace = 0
  #closed = false

  /** @param models the folder of the models */
  constructor(models: string, clock: Clock) {
    this.#models = models
    this.#clock = clock
  }

  /**
   * Reads what an earlier daemon left. Call it once, before anything else.
   * @returns the records in order; an unusable one is reported in `problems` instead
   * @throws Hal0Error `storage.failed` when the folder cannot be read
   */
  async open(): Promise<PullRecord[]> {
    const names = await readdir(this.#models).catch((error: unknown) => {
      throw storageError(error, this.#models, 'look for unfinished pulls')
    })
    for (const id of names.sort().map(idOfRecord)) {
      if (id === null) continue
      try {
        const record = await readRecord(this.#models, id)
        if (record !== null) this.#kept.set(id, record)
      } catch (error) {
        this.#damaged.set(id, storageError(error, recordPath(this.#models, id), 'read the record of a pull').message)
      }
    }
    const found = [...this.#kept.values()].sort((a, b) => a.place - b.place || (a.id < b.id ? -1 : 1))
    this.#lastPlace = found.at(-1)?.place ?? 0
    return found
  }

  /** The place of the next pull that is accepted. */
  nextPlace(): number {
    this.#lastPlace += 1
    return this.#lastPlace
  }

  /**
   * Resolves once the record survives a power cut.
   * @throws Hal0Error `storage.full`, `storage.failed`; then there is no record
   */
  async accept(id: string, place: number, request: PullRequest, by: string[]): Promise<void> {
    await this.#refuseFolder(id)
    this.#kept.set(id, { id, place, request, by, pinned: null })
    try {
      await this.#write(id)
    } catch (error) {
      // The file may exist all the same, if only the fsync of its folder failed.
      if (this.#kept.get(id)?.place === place) await this.forget(id)
      throw error
    }
    this.#damaged.delete(id)
  }

  get(id: string): PullRecord | null {
    return this.#kept.get(id) ?? null
  }

  /** Changes the record of a pull that has not ended. @throws Hal0Error `storage.full`, `storage.failed` */
  async change(id: string, changes: Partial<Pick<PullRecord, 'by' | 'pinned'>>): Promise<void> {
    const record = this.#kept.get(id)
    if (record === undefined) return
    this.#kept.set(id, { ...record, ...changes })
    await this.#write(id)
  }

  /** The pull has ended: nothing may start it again. Never rejects; a record that cannot be removed is a problem and is retried. */
  async forget(id: string): Promise<void> {
    this.#kept.delete(id)
    await this.#turn(id).run(() => this.#remove(id))
  }

  /** What is wrong with records, in sentences. */
  problems(): string[] {
    const damaged = [...this.#damaged].map(
      ([id, why]) =>
        `${why} The pull of ${id} does not continue; the others do. Pull it again, or remove what is left of it: hal0 model gc --clear`,
    )
    const unremoved = [...this.#unremoved].map(
      ([id, { error }]) =>
        `The pull of ${id} has ended, but its record could not be removed: ${error.message} hal0 tries again; until then a restart would start the pull again.`,
    )
    return [...damaged, ...unremoved]
  }

  /** The ids in the names of unusable records, with their paths. */
  damaged(): { id: string; path: string }[] {
    return [...this.#damaged.keys()].map((id) => ({ id, path: recordPath(this.#models, id) }))
  }

  /** Removes unusable records. @throws Hal0Error `storage.failed` */
  async clearDamaged(): Promise<void> {
    for (const { id, path } of this.damaged()) {
      try {
        await rm(path, { recursive: true, force: true })
        await syncFolder(this.#models)
      } catch (error) {
        throw storageError(error, path, 'remove the record of a pull')
      }
      this.#damaged.delete(id)
    }
  }

  /** Stops trying to remove records. */
  close(): void {
    this.#closed = true
    for (const { cancelTimer } of this.#unremoved.values()) cancelTimer()
  }

  /** A file in the place of a record is replaced, but a folder may contain somebody's files. */
  async #refuseFolder(id: string): Promise<void> {
    const path = recordPath(this.#models, id)
    if (!this.#damaged.has(id) || !(await lstat(path).catch(() => null))?.isDirectory()) return
    throw new Hal0Error(
      'storage.failed',
      `${path} is a folder that is in the way of this pull's record. Remove it: hal0 model gc --clear`,
      { details: { path } },
    )
  }

  #turn(id: string): Mutex {
    const known = this.#turns.get(id)
    if (known !== undefined) return known
    const made = new Mutex()
    this.#turns.set(id, made)
    return made
  }

  /** Writes the record as it is when its turn comes: of several simultaneous changes, the last one is enough. */
  #write(id: string): Promise<void> {
    return this.#turn(id).run(async () => {
      const record = this.#kept.get(id)
      if (record === undefined) return
      const path = recordPath(this.#models, id)
      await writeFileAtomic(path, `${JSON.stringify(record)}\n`, `write down the pull of ${id}`)
      this.#removed(id)
    })
  }

  async #remove(id: string): Promise<void> {
    const path = recordPath(this.#models, id)
    try {
      await removeFile(path, `forget the pull of ${id}`)
      await syncFolder(this.#models)
      this.#removed(id)
    } catch (error) {
      const failure = storageError(error, path, `forget the pull of ${id}`)
      if (!this.#unremoved.has(id)) log.warn(failure.message, error)
      this.#removed(id)
      if (this.#closed) return
      const cancelTimer = this.#clock.setTimer(againMs, () => void this.#turn(id).run(() => this.#removeAgain(id)))
      this.#unremoved.set(id, { error: failure, cancelTimer })
    }
  }

  async #removeAgain(id: string): Promise<void> {
    // If it was written again in the meantime, it is the record of another pull.
    if (this.#unremoved.has(id)) await this.#remove(id)
  }

  #removed(id: string): void {
    this.#unremoved.get(id)?.cancelTimer()
    this.#unremoved.delete(id)
  }
}
