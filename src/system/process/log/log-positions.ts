/** Where in its files each byte of a backend's log lies, across rotations: so that a reader who is behind misses nothing. */
import { closeSync, fstatSync, readSync, type Stats, statSync } from 'node:fs'
import { thisBoot } from '../../proc/boot-id.ts'
import { openToRead, type Place } from './place.ts'

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

/** null too where no file can be read: nothing is there then that could be shown. */
const statsOf = (path: string): Stats | null => {
  try {
    const stats = statSync(path)
    return stats.isFile() ? stats : null
  } catch {
    return null
  }
}

/** Positions count the bytes that were printed since the count began; those of the older file that was there already came first. */
export class LogPositions {
  readonly #path: string
  readonly #olderPath: string
  readonly #boot = thisBoot()
  readonly #count: number
  /** The position at which the log begins now. */
  #base: number
  /** The furthest end of the log that was seen. */
  #end: number
  /** What the older file holds; null: nothing that has a position. */
  #older: { start: number; end: number } | null = null

  /**
   * @param olderPath where rotations keep the end of the log
   * @param known by an earlier daemon
   */
  constructor(path: string, olderPath: string, known: Place | null) {
    this.#path = path
    this.#olderPath = olderPath
    const isSame = known !== null && statsOf(path)?.ino === known.inode
    const size = statsOf(olderPath)?.size ?? 0
    this.#count = isSame ? known.count : Date.now()
    this.#base = isSame ? known.begin : size
    this.#end = this.#base
    if (isSame) this.#older = known.older
    else if (size > 0) this.#older = { start: 0, end: size }
  }

  /** The position at which the log begins now. */
  get begin(): number {
    return this.#base
  }

  /** What the next daemon has to know; null: there is no log. */
  place(inode: number | null = statsOf(this.#path)?.ino ?? null): Place | null {
    if (inode === null) return null
    return { count: this.#count, begin: this.#base, older: this.#older, inode, ...this.#boot }
  }

  /** Names a position for good. */
  idOf(position: number): string {
    return `${this.#count}.${position}`
  }

  /** null: of another count, or beyond what was printed. */
  positionOf(id: string): number | null {
    const [, count, digits] = /^(\d{1,16})\.(\d{1,16})$/.exec(id) ?? []
    const position = Number(digits)
    return Number(count) === this.#count && position <= this.end() ? position : null
  }

  /** Whether a position lies within a line, as far as that can be told. */
  isWithinLine(position: number): boolean {
    const before = position === 0 ? null : this.read(position - 1, 1)
    return before !== null && before.lost === 0 && before.bytes[0] !== newline
  }

  /** The position behind the last byte. */
  end(): number {
    const file = openToRead(this.#path)
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

  /**
   * The log lost its beginning.
   * @param bytes of it
   * @param kept which bytes of the file the older file holds; null: what it held before
   */
  shortened(bytes: number, kept: { start: number; end: number } | null): void {
    const base = this.#base
    this.#base = base + bytes
    this.#end = Math.max(this.#end, this.#base)
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

  #readAt(path: string, start: number, position: number, length: number): LogPiece | null {
    const file = openToRead(path)
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
