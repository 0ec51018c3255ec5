/**
 * The decision log on disk: a line of JSON for each decision, in files that are named after the id of their first one. Its methods
 * throw what the system throws; `decisions.ts` deals with that.
 *
 * A table of SQLite cost the daemon's thread three times as much for each decision, and 10 ms of waiting at a checkpoint: 6 % of the
 * requests that it answers in a second (npm run bench).
 */
import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Decision } from '../../contract/system.ts'
import { errnoOf } from '../../system/files/storage-error.ts'
import { writeAt } from '../../system/files/write-at.ts'
import { linesBackwards } from './lines-backwards.ts'

/** What is too old goes a file at a time: about this part of what is kept. */
const partsKept = 4
const idDigits = 16

interface LogFile {
  path: string
  /** Id of its first decision. */
  first: number
}

/** A file to be read. */
export interface LogPart extends LogFile {
  /** Bytes of it that count; null: all. */
  end: number | null
}

/** @returns null for a line that is no decision: the end of a write that a power cut cut short */
export const parseDecision = (text: string): Decision | null => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'number'
      ? (value as Decision)
      : null
  } catch {
    return null
  }
}

export class DecisionFiles {
  readonly #folder: string
  readonly #keep: number
  readonly #rowsPerFile: number
  /** Growing ids. */
  readonly #files: LogFile[]
  /** The newest file, open; null: none yet. */
  #fd: number | null = null
  /** Bytes of the newest file that hold whole lines. */
  #size = 0
  #newest = 0

  /** @param keep how many decisions are kept, the newest */
  constructor(folder: string, keep: number) {
    this.#folder = folder
    this.#keep = keep
    this.#rowsPerFile = Math.ceil(keep / partsKept)
    this.#makeFolder()
    this.#files = readdirSync(folder)
      .filter((name) => /^\d{16}\.jsonl$/.test(name))
      .toSorted()
      .map((name) => ({ path: join(folder, name), first: Number.parseInt(name, 10) }))
    const last = this.#files.at(-1)
    if (last === undefined) return
    this.#newest = last.first - 1
    this.#fd = openSync(last.path, 'r+')
    try {
      this.#findEnd(this.#fd)
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** Id of the newest decision; 0 when there is none. */
  get newest(): number {
    return this.#newest
  }

  /** Id of the newest decision that is kept no more. */
  get dropped(): number {
    return this.#newest - this.#keep
  }

  /** When it throws, `newest` tells what of it is written. @param decisions with ids above `newest`, growing */
  add(decisions: readonly Decision[]): void {
    for (let at = 0; at < decisions.length; ) {
      const { fd, end } = this.#fileFor((decisions[at] as Decision).id)
      let text = ''
      let last = 0
      for (let next = decisions[at]; next !== undefined && next.id < end; next = decisions[++at]) {
        text += `${JSON.stringify(next)}\n`
        last = next.id
      }
      // At its place, so that what a full disk cut off is written over the next time.
      const bytes = Buffer.from(text)
      writeAt(fd, bytes, this.#size)
      this.#size += bytes.length
      this.#newest = last
    }
    this.#removeOld()
  }

  /** The files as they are now, the newest first, for a reading that takes its time. */
  parts(): readonly LogPart[] {
    const newest = this.#files.at(-1)
    return this.#files.toReversed().map((file) => ({ ...file, end: file === newest ? this.#size : null }))
  }

  /** Somebody removed a file: the log goes on without it. */
  forget(path: string): void {
    const at = this.#files.findIndex((file) => file.path === path)
    if (at < 0) return
    if (at === this.#files.length - 1) this.close()
    this.#files.splice(at, 1)
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd)
    this.#fd = null
  }

  /** Finds the last whole line of the newest file, and drops what follows. */
  #findEnd(fd: number): void {
    const { size } = fstatSync(fd)
    for (const { text, end } of linesBackwards(fd, size)) {
      const decision = parseDecision(text)
      if (decision === null) continue
      this.#newest = decision.id
      this.#size = end
      break
    }
    if (this.#size < size) ftruncateSync(fd, this.#size)
  }

  /** Not what it lies in: where a mounted disk went away, nothing is written to the folder below it. */
  #makeFolder(): void {
    try {
      mkdirSync(this.#folder)
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error
    }
  }

  /** The file that takes decision `id`, and the first id that it does not take any more. */
  #fileFor(id: number): { fd: number; end: number } {
    const last = this.#files.at(-1)
    if (this.#fd !== null && last !== undefined && id < last.first + this.#rowsPerFile) {
      return { fd: this.#fd, end: last.first + this.#rowsPerFile }
    }
    this.#makeFolder()
    const path = join(this.#folder, `${String(id).padStart(idDigits, '0')}.jsonl`)
    const fd = openSync(path, 'w+', 0o640)
    this.close()
    this.#files.push({ path, first: id })
    this.#fd = fd
    this.#size = 0
    return { fd, end: id + this.#rowsPerFile }
  }

  /** A file goes once the next one begins with what is too old as well. */
  #removeOld(): void {
    for (
      let next = this.#files[1];
      next !== undefined && next.first - 1 <= this.#newest - this.#keep;
      next = this.#files[1]
    ) {
      const [oldest] = this.#files
      if (oldest !== undefined) rmSync(oldest.path, { force: true })
      this.#files.shift()
    }
  }
}
