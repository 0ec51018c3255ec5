/** Where in its files each byte of a backend's log lies, across rotations: so that a reader who is behind misses nothing. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { errnoOf } from '../storage-error.ts'

/** What a reader gets for a position. */
export interface LogPiece {
  bytes: Buffer
  /** Bytes from the position on that are gone; then there are no others. */
  lost: number
  /** The position to go on from. */
  next: number
}

/** Positions count the bytes printed since this object began to look. */
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

  #openToRead(path: string): number | null {
    try {
      return openSync(path, 'r')
    } catch (error) {
      // Nothing was printed yet.
      if (errnoOf(error) === 'ENOENT') return null
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
