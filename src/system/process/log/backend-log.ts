/** slots/<name>/backend.log: what a slot's backend prints, bounded in size. */
import { fstatSync, ftruncateSync, readSync, writeSync } from 'node:fs'
import { type FileHandle, mkdir, open, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { log } from '../../../lib/log.ts'
import { setAsideNonFile } from '../../files/own-file.ts'
import { errnoOf, storageError } from '../../files/storage-error.ts'
import { lastLinesCount, type TakeLog } from '../../supervisor.ts'
import { LogFollower } from './log-follower.ts'
import { LogPositions } from './log-positions.ts'
import { tailLines } from './log-tail.ts'

const copyBytes = 1 << 20
const newline = 0x0a
/** A backend that prints faster than its log is copied loses some of it, which is told. */
const catchUpRounds = 4
const startMark = '--- hal0: start '
/** A log that grew by this part of its limit between two looks is looked at again soon. */
const fastPart = 32
const soonMs = 5
/** The part of its limit at which a log that grows fast is rotated: early, and not so early that a burst which fits is. */
const earlyPart = 3 / 4

export class BackendLog {
  readonly #path: string
  readonly #olderPath: string
  readonly #limit: number
  #checking = false
  #rotating: Promise<void> = Promise.resolve()
  #warned = false
  readonly #followers = new Set<LogFollower>()
  readonly #positions: LogPositions
  /** Null before the first look. */
  #lastSize: number | null = null

  /**
   * @param folder the slot's data folder
   * @param limit bytes at which the log is rotated
   */
  constructor(folder: string, limit: number) {
    this.#path = join(folder, 'backend.log')
    this.#olderPath = `${this.#path}.1`
    this.#limit = limit
    this.#positions = new LogPositions(this.#path, this.#olderPath)
  }

  /**
   * Opens the log for a new run, after a line that separates it from the run before. In append mode: every write goes to the
   * end of the file as it then is, so that the log can be truncated under a running backend.
   * @param startedAt milliseconds since the Unix epoch
   * @throws Hal0Error `storage.full`, `storage.failed`
   */
  async openForRun(startedAt: number): Promise<FileHandle> {
    let file: FileHandle | null = null
    try {
      await mkdir(dirname(this.#path), { recursive: true })
      await setAsideNonFile(this.#path)
      file = await open(this.#path, 'a+')
      const { size } = await file.stat()
      const last = size === 0 ? null : (await file.read(Buffer.alloc(1), 0, 1, size - 1)).buffer.toString('latin1')
      const separator = `${startMark}${new Date(startedAt).toISOString()} ---\n`
      await file.appendFile(last === null || last === '\n' ? separator : `\n${separator}`)
      return file
    } catch (error) {
      await file?.close()
      throw storageError(error, this.#path, 'open the log of a backend')
    }
  }

  /** Rotates the log when it is too long, and looks again soon while it grows fast. Never throws, never waits for a check. */
  async bound(): Promise<void> {
    if (this.#checking) return
    this.#checking = true
    try {
      const { size } = await stat(this.#path)
      const fast = size - (this.#lastSize ?? size) > this.#limit / fastPart
      if (fast) setTimeout(() => void this.bound(), soonMs).unref()
      this.#lastSize = size
      // While it is copied it grows on: one that grows fast is begun with in time.
      if (size > (fast ? this.#limit * earlyPart : this.#limit)) {
        this.#rotating = this.#rotate(size)
        await this.#rotating
      }
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') this.#warn('could not bound', error)
    } finally {
      this.#checking = false
    }
  }

  /** Gives `take` the last `lines` lines, then what is printed from now on. @returns the function that ends it */
  follow(take: TakeLog, lines = 0): () => void {
    const follower = new LogFollower(this.#positions, take, lines)
    this.#followers.add(follower)
    return () => {
      follower.end()
      this.#followers.delete(follower)
    }
  }

  /** Ends every follower. */
  close(): void {
    for (const follower of this.#followers) follower.end()
    this.#followers.clear()
  }

  /** The last `count` lines of all runs, oldest first. @throws Hal0Error `storage.failed` */
  async tail(count: number): Promise<string[]> {
    // Half way through a rotation the same lines stand in both files. Its failure was reported where it happened.
    await this.#rotating.catch(() => null)
    try {
      return await tailLines([this.#path, this.#olderPath], count)
    } catch (error) {
      throw storageError(error, this.#path, 'read the log of a backend')
    }
  }

  /** The last lines of the latest run, as many as an exit report has. @throws Hal0Error `storage.failed` */
  async lastLinesOfRun(): Promise<string[]> {
    const lines = await this.tail(lastLinesCount)
    return lines.slice(lines.findLastIndex((line) => line.startsWith(startMark)) + 1)
  }

  /** @throws Hal0Error `storage.failed` */
  async remove(): Promise<void> {
    for (const path of [this.#path, this.#olderPath]) {
      try {
        await rm(path, { force: true, recursive: true })
      } catch (error) {
        throw storageError(error, path, 'remove the log of a backend')
      }
    }
  }

  /**
   * Copies the end of the log to backend.log.1 and empties it. Not renamed, since the backend would go on writing to the
   * renamed file: nobody can give it another one. The long copy leaves the event loop free; what was printed during it is then
   * copied without a pause, until only the moment between two system calls is left in which a line can be lost unseen.
   */
  async #rotate(size: number): Promise<void> {
    const source = await open(this.#path, 'r+')
    try {
      this.#positions.dropOlder()
      await setAsideNonFile(this.#olderPath)
      const older = await open(this.#olderPath, 'w')
      let start = Math.max(0, size - this.#limit)
      let offset = start
      let kept = false
      const buffer = Buffer.allocUnsafe(copyBytes)
      try {
        while (offset < size) {
          const { bytesRead } = await source.read(buffer, 0, Math.min(copyBytes, size - offset), offset)
          if (bytesRead === 0) break
          // What is left of an older line is dropped with it.
          const skipped = start > 0 && offset === start ? buffer.subarray(0, bytesRead).indexOf(newline) + 1 : 0
          start += skipped
          await older.write(buffer, skipped, bytesRead - skipped)
          offset += bytesRead
        }
        for (let round = 0; round < catchUpRounds; round += 1) {
          const rest = fstatSync(source.fd).size - offset
          if (rest <= 0) break
          const length = readSync(source.fd, buffer, 0, Math.min(copyBytes, rest), offset)
          writeSync(older.fd, buffer, 0, length)
          offset += length
        }
        kept = true
      } catch (error) {
        // A full disk most likely. Emptying the log goes first: it is what frees space.
        this.#warn('could not keep the older part of', error)
      } finally {
        this.#empty(source.fd, kept ? { fd: older.fd, start, end: offset } : null)
        await older.close()
      }
    } finally {
      await source.close()
    }
  }

  /** @param kept which bytes of the file were copied, and the copy */
  #empty(file: number, kept: { fd: number; start: number; end: number } | null): void {
    const { size } = fstatSync(file)
    ftruncateSync(file, 0)
    this.#lastSize = 0
    this.#positions.emptied(size, kept)
    const lost = kept === null ? 0 : size - kept.end
    if (kept !== null && lost > 0)
      writeSync(kept.fd, `\n--- hal0: ${lost} bytes were printed faster than they could be kept ---\n`)
  }

  /** Once: it would be said ten times a second. */
  #warn(what: string, error: unknown): void {
    if (!this.#warned) log.warn(`${what} ${this.#path}`, error)
    this.#warned = true
  }
}
