/**
 * Prompts and answers of the slots whose `capture` asks for it: a file for each request in the slot's folder, which goes when the slot
 * does. On the way of a request there is nothing but a push: the files are written one after the other, and if the disk does not keep up,
 * requests are left out.
 */
import { mkdir, readdir, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Captured, captureBounds } from '../../contract/logs/captured.ts'
import type { CaptureRecorder } from '../../dispatch/capture/capture.ts'
import { log } from '../../lib/log.ts'
import { problemsOf } from '../../lib/validate.ts'
import { errnoOf } from '../../system/files/storage-error.ts'

/** Requests that may wait for the disk, of all slots together. */
const mostWaiting = 64

export interface CaptureList {
  /** The last requests of a slot, newest first. */
  list(slot: string, limit: number): Promise<Captured[]>
}

interface Kept {
  file: string
  bytes: number
}

export class CaptureStore implements CaptureRecorder, CaptureList {
  readonly #folderOf: (slot: string) => string
  /** The files of each slot, oldest first, as far as they were looked at. */
  readonly #files = new Map<string, Kept[]>()
  #last: Promise<void> = Promise.resolve()
  #waiting = 0
  #lastName = 0
  /** What is wrong, so that it is told once. */
  #problem: string | null = null

  /** @param folderOf the folder of a slot's captures, within one that is there as long as the slot */
  constructor(folderOf: (slot: string) => string) {
    this.#folderOf = folderOf
  }

  keep(slot: string, captured: Captured): void {
    if (this.#waiting >= mostWaiting) {
      this.#tell(
        `Requests of slot ${slot} come faster than the disk takes what is captured of them: some are left out.`,
      )
      return
    }
    this.#waiting++
    void this.#next(async () => {
      try {
        await this.#write(slot, JSON.stringify(captured))
        this.#problem = null
      } catch (error) {
        this.#tell(`What is captured of slot ${slot} cannot be written to ${this.#folderOf(slot)}: ${String(error)}`)
      } finally {
        this.#waiting--
      }
    })
  }

  list(slot: string, limit: number): Promise<Captured[]> {
    return this.#next(async () => {
      const files = (await this.#known(slot)).slice(-limit).reverse()
      const all = await Promise.all(files.map(({ file }) => this.#read(join(this.#folderOf(slot), file))))
      return all.filter((one) => one !== null)
    })
  }

  /** Deletes what was kept of a slot. */
  forget(slot: string): void {
    void this.#next(async () => {
      this.#files.delete(slot)
      try {
        await rm(this.#folderOf(slot), { recursive: true, force: true })
      } catch (error) {
        log.warn(`${this.#folderOf(slot)} could not be removed. Remove it by hand: it has prompts and answers.`, error)
      }
    })
  }

  /** What was kept of a slot is gone with its folder. */
  dropped(slot: string): void {
    void this.#next(async () => void this.#files.delete(slot))
  }

  /** Resolves when everything so far is written. */
  settled(): Promise<void> {
    return this.#last
  }

  #next<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work)
    this.#last = turn.then(
      () => {},
      () => {},
    )
    return turn
  }

  #tell(problem: string): void {
    if (this.#problem !== problem) log.warn(problem)
    this.#problem = problem
  }

  async #write(slot: string, text: string): Promise<void> {
    const folder = this.#folderOf(slot)
    // Not with its parents: a slot that was deleted meanwhile stays so.
    await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
      if (errnoOf(error) !== 'EEXIST') throw error
    })
    const files = await this.#known(slot)
    this.#lastName = Math.max(Date.now(), this.#lastName + 1)
    const file = `${String(this.#lastName).padStart(15, '0')}.json`
    await writeFile(join(folder, file), text, { mode: 0o600 }).catch(async (error: unknown) => {
      // On a full disk it is there, but cut off, and no bound would count it.
      await unlink(join(folder, file)).catch(() => {})
      throw error
    })
    files.push({ file, bytes: Buffer.byteLength(text) })
    let bytes = files.reduce((sum, one) => sum + one.bytes, 0)
    while (files.length > captureBounds.requests || bytes > captureBounds.bytes) {
      const oldest = files.shift()
      if (oldest === undefined) break
      bytes -= oldest.bytes
      await unlink(join(folder, oldest.file))
    }
  }

  async #known(slot: string): Promise<Kept[]> {
    const known = this.#files.get(slot)
    if (known !== undefined) return known
    const folder = this.#folderOf(slot)
    const names = await readdir(folder).catch((error: unknown) => {
      if (errnoOf(error) === 'ENOENT') return []
      throw error
    })
    const files = names.filter((name) => /^\d{15}\.json$/.test(name)).sort()
    const kept = await Promise.all(files.map(async (file) => ({ file, bytes: (await stat(join(folder, file))).size })))
    this.#files.set(slot, kept)
    return kept
  }

  /** null: the file is damaged, or gone. */
  async #read(path: string): Promise<Captured | null> {
    try {
      const value = JSON.parse(await readFile(path, 'utf8')) as unknown
      return problemsOf(Captured, value).length === 0 ? (value as Captured) : null
    } catch (error) {
      log.warn(`${path} cannot be read`, error)
      return null
    }
  }
}
