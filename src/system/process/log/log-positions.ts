/** Where in its files each byte of a backend's log lies, across rotations: so that a reader who is behind misses nothing. */
import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { errnoOf } from '../../files/storage-error.ts'

/** What a reader gets for a position. */
export interface LogPiece {
  bytes: Buffer
  /** Bytes from the position on that are gone; then there are no others. */
  lost: number
  /** The position to go on from. */
  next: number
}

const pieceBytes = 1 << 16
/** No further than this is looked back for lines. */
const backBytes = 4 << 20
const newline = 0x0a

/** 0 too where no file can be read: nothing is there then that could be shown. */
const sizeOf = (path: string): number => {
  try {
    const stats = statSync(path)
    return stats.isFile() ? stats.size : 0
  } catch {
    return 0
  }
}

/** Positions count the bytes of the log from where it began when this object was made; those of the older file are below zero then. */
export class LogPositions {
  readonly #path: string
  readonly #olderPath: string
  /** The position at which the log begins now. */
  #base = 0
  /** The furthest end of the log that was seen. */
  #end = 0
  /** What the older file holds; null: nothing that has a position. */
  #older: { start: number; end: number } | null = null

  /** @param olderPath where rotations keep the end of the log */
  constructor(path: string, olderPath: string) {
    this.#path = path
    this.#olderPath = olderPath
    const size = sizeOf(olderPath)
    this.#older = size === 0 ? null : { start: -size, end: 0 }
  }

  /** The position behind the last byte. */
  end(): number {
    const file = this.#openToRead(this.#path)
    if (file === null) return this.#measure(0)
    try {
      return this.#measure(fstatSync(file).size)
    } finally {
      closeSync(file)
    }
  }

  /** Where the last `count` whole lines begin; after them stands what was printed of the next one. Synchronous, as `read`. */
  back(count: number): number {
    const end = this.end()
    const first = this.#older?.start ?? this.#base
    const furthest = Math.max(first, end - backBytes)
    let begin = end
    let newlines = 0
    for (let at = end; at > furthest; ) {
      // A piece lies in one file.
      const start = Math.max(at - pieceBytes, furthest, at > this.#base ? this.#base : furthest)
      const piece = this.read(start, at - start)
      if (piece === null || piece.bytes.length < at - start) return begin
      for (let near = piece.bytes.length; near > 0; ) {
        near = piece.bytes.lastIndexOf(newline, near - 1)
        if (near === -1) break
        begin = start + near + 1
        newlines += 1
        if (newlines > count) return begin
      }
      at = start
    }
    return furthest === first ? first : begin
  }

  /** What stands at a position, at most `limit` bytes; null: nothing yet. Synchronous, so that no rotation comes in between. */
  read(position: number, limit: number): LogPiece | null {
    const end = this.end()
    const older = this.#older
    if (older !== null && position >= older.start && position < older.end) {
      return this.#readAt(this.#olderPath, older.start, position, Math.min(limit, older.end - position))
    }
    const start = older !== null && position < older.start ? older.start : this.#base
    if (position < start) return { bytes: Buffer.alloc(0), lost: start - position, next: start }
    return position >= end ? null : this.#readAt(this.#path, this.#base, position, Math.min(limit, end - position))
  }

  /** The older file is about to be written anew. */
  dropOlder(): void {
    this.#older = null
  }

  /**
   * The log was emptied.
   * @param size it had
   * @param kept which bytes of it the older file holds; null: none
   */
  emptied(size: number, kept: { start: number; end: number } | null): void {
    const base = this.#base
    this.#end = Math.max(this.#end, base + size)
    this.#base = this.#end
    if (kept !== null) this.#older = { start: base + kept.start, end: base + kept.end }
  }

  /** @param size of backend.log now: less than was seen of it means that somebody else has emptied it */
  #measure(size: number): number {
    if (this.#base + size < this.#end) {
      this.#base = this.#end
      this.#older = null
    }
    this.#end = this.#base + size
    return this.#end
  }

  /** null: there is no file. */
  #openToRead(path: string): number | null {
    try {
      // To open a pipe without this waits until somebody writes into it, and so does the daemon.
      const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
      if (fstatSync(file).isFile()) return file
      closeSync(file)
      return null
    } catch (error) {
      const errno = errnoOf(error)
      // Nothing was printed yet, or nothing that could be read lies there until the next run.
      if (errno === 'ENOENT' || errno === 'ELOOP') return null
      throw error
    }
  }

  #readAt(path: string, start: number, position: number, length: number): LogPiece | null {
    const file = this.#openToRead(path)
    if (file === null) return null
    try {
      const bytes = Buffer.allocUnsafe(length)
      const read = readSync(file, bytes, 0, length, position - start)
      return read === 0 ? null : { bytes: bytes.subarray(0, read), lost: 0, next: position + read }
    } finally {
      closeSync(file)
    }
  }
}
