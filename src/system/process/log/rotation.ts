/**
 * Moves a backend's log to its older file and shortens it. Not renamed, since the backend would go on writing to the renamed file:
 * nobody can give it another one.
 */
import { fstatSync, ftruncateSync, readSync, renameSync, writeSync } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { tempBeside } from '../../files/atomic-file.ts'
import { collapseStart } from '../../files/collapse-start.ts'
import { setAsideNonFile } from '../../files/own-file.ts'
import type { LogPositions } from './log-positions.ts'

const copyBytes = 1 << 20
const newline = 0x0a
/** A backend that prints faster than its log is copied loses some of it, which is told. */
const catchUpRounds = 4

export interface RotationOptions {
  path: string
  olderPath: string
  /** Bytes that the older file gets. */
  limit: number
  positions: LogPositions
  /** Told why the older part could not be kept. */
  onLost(error: unknown): void
  /** Takes bytes out of the beginning of a file, where that can be done. */
  collapse?: typeof collapseStart
}

/** What the older file holds of the log. */
class Copy {
  readonly #source: FileHandle
  readonly #older: FileHandle
  readonly #buffer = Buffer.allocUnsafe(copyBytes)
  #start: number
  #end: number
  /** The rest of a line whose beginning is not copied comes first: it is dropped. */
  #isWithinLine: boolean

  constructor(source: FileHandle, older: FileHandle, start: number, isWithinLine: boolean) {
    this.#source = source
    this.#older = older
    this.#start = start
    this.#end = start
    this.#isWithinLine = isWithinLine
  }

  get range(): { start: number; end: number } {
    return { start: this.#start, end: this.#end }
  }

  /** Copies up to `end`; the event loop is free in between. */
  async upTo(end: number): Promise<void> {
    while (this.#end < end) {
      const length = Math.min(copyBytes, end - this.#end)
      const { bytesRead: read } = await this.#source.read(this.#buffer, 0, length, this.#end)
      if (read === 0) return
      const skipped = this.#isWithinLine ? this.#buffer.subarray(0, read).indexOf(newline) + 1 : 0
      this.#isWithinLine = false
      this.#start += skipped
      await this.#older.write(this.#buffer, skipped, read - skipped)
      this.#end += read
    }
  }

  /** Copies what was printed meanwhile, without a pause. */
  catchUp(): void {
    for (let round = 0; round < catchUpRounds; round += 1) {
      const rest = fstatSync(this.#source.fd).size - this.#end
      if (rest <= 0) return
      const length = readSync(this.#source.fd, this.#buffer, 0, Math.min(copyBytes, rest), this.#end)
      writeSync(this.#older.fd, this.#buffer, 0, length)
      this.#end += length
    }
  }

  /** What is told to readers of the file; those who follow the log are told a gap. */
  tellLost(bytes: number): void {
    try {
      writeSync(this.#older.fd, `\n--- hal0: ${bytes} bytes were printed faster than they could be kept ---\n`)
    } catch {
      // The disk is full: then that is what was told.
    }
  }
}

const kept = async (copying: Promise<void>, onLost: (error: unknown) => void): Promise<boolean> => {
  try {
    await copying
    return true
  } catch (error) {
    onLost(error)
    return false
  }
}

/**
 * Empties the log; what was printed during the copy is copied first, as far as that is possible.
 * @returns the bytes that it had
 */
const empty = (file: number, copy: Copy | null, onLost: (error: unknown) => void): number => {
  try {
    copy?.catchUp()
  } catch (error) {
    onLost(error)
  }
  const { size } = fstatSync(file)
  ftruncateSync(file, 0)
  const lost = copy === null ? 0 : size - copy.range.end
  if (lost > 0) copy?.tellLost(lost)
  return size
}

/**
 * Where the file system can take the beginning out of a file, nothing is lost. Elsewhere the log is emptied, and what is printed in
 * the moment between the last look at it and that is lost unseen.
 * @throws what the system throws; the log is as it was then
 */
export const rotate = async (options: RotationOptions): Promise<void> => {
  const { path, olderPath, limit, positions, onLost, collapse = collapseStart } = options
  const source = await open(path, 'r+')
  const temp = tempBeside(olderPath)
  try {
    const { size, blksize } = await source.stat()
    // Whole blocks, and not all of the file, is what can be taken out.
    const cut = Math.max(0, Math.floor((size - 1) / blksize) * blksize)
    await setAsideNonFile(olderPath)
    const older = await open(temp, 'wx')
    try {
      const start = Math.max(0, cut - limit)
      const copy = new Copy(source, older, start, start > 0 || positions.isWithinLine(positions.begin))
      // A full disk most likely. Shortening the log goes on all the same: it is what frees space.
      const isKept = await kept(copy.upTo(cut), onLost)
      // From here on nothing is awaited: readers find each byte in one of the files, or a gap.
      const isCut = cut > 0 && collapse(source.fd, cut)
      const lost = isCut ? cut : empty(source.fd, isKept ? copy : null, onLost)
      if (isKept) renameSync(temp, olderPath)
      positions.shortened(lost, isKept ? copy.range : null)
    } finally {
      await older.close()
    }
  } finally {
    await source.close()
    await rm(temp, { force: true })
  }
}
