/**
 * The decision log on disk: a line of JSON for each decision, in files that are named after the id of their first one. Its methods
 * throw what the system throws; `decisions.ts` deals with that.
 *
 * A table of SQLite cost the daemon's thread three times as much for each decision, and 10 ms of waiting at a checkpoint: 6 % of the
 * requests that it answers in a second (npm run bench).
 */
import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, readSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Decision } from '../../contract/system.ts'
import { errnoOf } from '../../system/files/storage-error.ts'
import { writeAt } from '../../system/files/write-at.ts'
import { findLogFiles, isFile, type LogFile, lastIn } from './log-files.ts'

/** Old decisions are dropped a file at a time; this many files hold about as many decisions as are kept. */
const partsKept = 4
const idDigits = 16

/** The last line of a daemon that ends in order: every id that it used is in the log. */
const lastWord = Buffer.from('{"ended":"in order"}\n')

/** A file to be read. */
export interface LogPart extends Omit<LogFile, 'last'> {
  /** Number of its bytes that count; null: all. */
  end: number | null
}

export class DecisionFiles {
  readonly #folder: string
  readonly #keep: number
  readonly #rowsPerFile: number
  /** In ascending order of ids. */
  readonly #files: LogFile[]
  /** The newest file, open; null: none yet. */
  #fd: number | null = null
  /** Number of bytes of the newest file that are whole lines. */
  #size = 0
  #newest = 0
  readonly #endedInOrder: boolean

  /** @param keep how many of the newest decisions to keep */
  constructor(folder: string, keep: number) {
    this.#folder = folder
    this.#keep = keep
    this.#rowsPerFile = Math.ceil(keep / partsKept)
    this.#makeFolder()
    this.#files = findLogFiles(folder, this.#rowsPerFile)
    const newest = this.#files.at(-1)
    this.#endedInOrder = newest !== undefined && this.#resume(newest)
  }

  /**
   * Whether every id used so far is in the log. This is not so after a daemon was killed, or its disk failed: decisions that it
   * published but did not write are gone, and yet their ids must not be used again.
   */
  get endedInOrder(): boolean {
    return this.#endedInOrder
  }

  /** Id of the newest decision; 0 when there is none. */
  get newest(): number {
    return this.#newest
  }

  /** Id of the newest decision that is no longer kept. */
  get dropped(): number {
    let left = this.#keep
    for (const { first, last } of this.#files.toReversed()) {
      left -= last - first + 1
      if (left <= 0) return first - left - 1
    }
    return 0
  }

  /** If it throws, `newest` shows how much was written. @param decisions with ascending ids above `newest` */
  add(decisions: readonly Decision[]): void {
    for (let at = 0; at < decisions.length; ) {
      const { id } = decisions[at] as Decision
      const { fd, end, file } = this.#fileFor(id)
      let text = ''
      let last = id - 1
      for (let next = decisions[at]; next?.id === last + 1 && next.id < end; next = decisions[++at]) {
        text += `${JSON.stringify(next)}\n`
        last = next.id
      }
      // At a fixed position, so that a line that a full disk cut off is overwritten the next time.
      const bytes = Buffer.from(text)
      writeAt(fd, bytes, this.#size)
      this.#size += bytes.length
      this.#newest = last
      file.last = last
    }
    this.#removeOld()
  }

  /** The files as they are now, the newest first, for a reader that takes its time. */
  parts(): readonly LogPart[] {
    const newest = this.#files.at(-1)
    return this.#files.toReversed().map((file) => ({ ...file, end: file === newest ? this.#size : null }))
  }

  /** Somebody removed a file: the log continues without it. */
  forget(path: string): void {
    const at = this.#files.findIndex((file) => file.path === path)
    if (at < 0) return
    if (at === this.#files.length - 1) this.close(false)
    this.#files.splice(at, 1)
  }

  /** @param inOrder every id that was used is in the log */
  close(inOrder: boolean): void {
    if (this.#fd === null) return
    try {
      if (inOrder) writeAt(this.#fd, lastWord, this.#size)
    } finally {
      closeSync(this.#fd)
      this.#fd = null
    }
  }

  /** Opens the newest file, and drops what follows its last whole line. @returns whether its daemon ended in order */
  #resume(file: LogFile): boolean {
    const fd = openSync(file.path, 'r+')
    try {
      const last = lastIn(fd)
      file.last = last?.id ?? file.first - 1
      this.#newest = file.last
      this.#size = last?.end ?? 0
      this.#fd = fd
      const { size } = fstatSync(fd)
      const rest = Buffer.alloc(Math.min(size - this.#size, lastWord.length + 1))
      readSync(fd, rest, 0, rest.length, this.#size)
      if (this.#size < size) ftruncateSync(fd, this.#size)
      return rest.equals(lastWord)
    } catch (error) {
      closeSync(fd)
      throw error
    }
  }

  /** Does not make the folder around it: if a mounted disk has gone away, nothing is written to its mount point. */
  #makeFolder(): void {
    try {
      mkdirSync(this.#folder)
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error
    }
  }

  /** The file for decision `id`, and the first id that it no longer takes. */
  #fileFor(id: number): { fd: number; end: number; file: LogFile } {
    const last = this.#files.at(-1)
    if (this.#fd !== null && last !== undefined && id === last.last + 1 && id < last.first + this.#rowsPerFile) {
      return { fd: this.#fd, end: last.first + this.#rowsPerFile, file: last }
    }
    this.#makeFolder()
    const path = join(this.#folder, `${String(id).padStart(idDigits, '0')}.jsonl`)
    const fd = openSync(path, 'w+', 0o640)
    if (this.#fd !== null) closeSync(this.#fd)
    const file = { path, first: id, last: id - 1 }
    this.#files.push(file)
    this.#fd = fd
    this.#size = 0
    return { fd, end: id + this.#rowsPerFile, file }
  }

  /** Removes a file once the others have everything that is to be kept. */
  #removeOld(): void {
    for (let next = this.#files[1]; next !== undefined && this.dropped >= next.first - 1; next = this.#files[1]) {
      const [oldest] = this.#files
      if (oldest !== undefined && isFile(oldest.path)) rmSync(oldest.path, { force: true })
      this.#files.shift()
    }
  }
}
