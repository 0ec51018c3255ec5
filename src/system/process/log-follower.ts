/** Tells listeners each line that is added to a log file, across its truncations. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { Bus } from '../../lib/bus.ts'
import { log } from '../../lib/log.ts'
import { readableLine } from '../log-line.ts'
import { errnoOf } from '../storage-error.ts'

const pollMs = 100
/** Most that is read in one turn, about 15 ms of work. A backend that prints faster than 2.5 MB/s is shown with gaps. */
const batchBytes = 1 << 18
/** A line without end is cut here; readableLine shows less than this anyway. */
const longestLineBytes = 1 << 16
const newline = 0x0a

export class LogFollower {
  readonly #path: string
  readonly #lines = new Bus<string>()
  #listeners = 0
  #timer: ReturnType<typeof setInterval> | null = null
  #offset = 0
  /** The beginning of a line whose end was not printed yet. */
  #partial: Buffer = Buffer.alloc(0)
  /** Inside a line that was shown cut, or whose beginning was skipped: its rest is dropped. */
  #dropping = false

  constructor(path: string) {
    this.#path = path
  }

  /** @returns the function that ends it */
  subscribe(onLine: (line: string) => void): () => void {
    if (this.#listeners === 0) this.#begin()
    this.#listeners += 1
    const unsubscribe = this.#lines.subscribe(onLine)
    let active = true
    return () => {
      if (!active) return
      active = false
      unsubscribe()
      this.#listeners -= 1
      if (this.#listeners === 0) this.close()
    }
  }

  /** Publishes what was added since the last call. Synchronous, so that the log's rotation knows that nothing is left out. */
  pump(): void {
    if (this.#timer === null) return
    const file = this.#open()
    if (file === null) return
    try {
      const size = fstatSync(file).size
      if (size < this.#offset) this.rewind()
      if (size - this.#offset > batchBytes) this.#skipTo(size - batchBytes)
      const chunk = Buffer.allocUnsafe(size - this.#offset)
      const length = readSync(file, chunk, 0, chunk.length, this.#offset)
      this.#offset += length
      this.#split(chunk.subarray(0, length))
    } finally {
      closeSync(file)
    }
  }

  /** The file was emptied: what comes next stands at its beginning. */
  rewind(): void {
    this.#offset = 0
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
  }

  #begin(): void {
    const file = this.#open()
    this.#offset = file === null ? 0 : fstatSync(file).size
    if (file !== null) closeSync(file)
    this.#partial = Buffer.alloc(0)
    this.#dropping = false
    this.#timer = setInterval(() => {
      try {
        this.pump()
      } catch (error) {
        // Following goes on with the next turn: a disk that fails now must not end every open view.
        log.warn(`could not read ${this.#path}`, error)
      }
    }, pollMs)
    this.#timer.unref()
  }

  #open(): number | null {
    try {
      return openSync(this.#path, 'r')
    } catch (error) {
      // Nothing was printed yet.
      if (errnoOf(error) === 'ENOENT') return null
      throw error
    }
  }

  #skipTo(offset: number): void {
    this.#lines.publish(`--- hal0: ${offset - this.#offset} bytes were printed too fast to be shown`)
    this.#offset = offset
    this.#partial = Buffer.alloc(0)
    this.#dropping = true
  }

  #split(chunk: Buffer): void {
    let from = 0
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, from)) {
      const line = chunk.subarray(from, end)
      if (!this.#dropping) this.#lines.publish(readableLine(Buffer.concat([this.#partial, line])))
      this.#partial = Buffer.alloc(0)
      this.#dropping = false
      from = end + 1
    }
    if (this.#dropping) return
    this.#partial = Buffer.concat([this.#partial, chunk.subarray(from)])
    if (this.#partial.length <= longestLineBytes) return
    this.#lines.publish(readableLine(this.#partial))
    this.#partial = Buffer.alloc(0)
    this.#dropping = true
  }
}
