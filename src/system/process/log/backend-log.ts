/** slots/<name>/backend.log: the output of a slot's backend, limited in size. */
import { type FileHandle, mkdir, open, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { log } from '../../../lib/log.ts'
import { setAsideNonFile } from '../../files/own-file.ts'
import { errnoOf, storageError } from '../../files/storage-error.ts'
import { type LogFrom, lastLinesCount, type TakeLog } from '../../supervisor.ts'
import { LogFollower } from './log-follower.ts'
import { LogPositions } from './log-positions.ts'
import { tailLines } from './log-tail.ts'
import { type Place, PlaceFile } from './place.ts'
import { type RotationOptions, rotate } from './rotation.ts'

const startMark = '--- hal0: start '
/** A log that grew by this fraction of its limit between two checks is checked again soon. */
const fastPart = 32
const soonMs = 5
/** The fraction of its limit at which a fast-growing log is rotated: early, but late enough that a burst which fits is not split. */
const earlyPart = 3 / 4
/** How often a log that is rotated during a read is read again. */
const tailTries = 3

export class BackendLog {
  readonly #path: string
  readonly #olderPath: string
  readonly #limit: number
  #checking = false
  #rotating: Promise<void> = Promise.resolve()
  #warned = false
  readonly #followers = new Set<LogFollower>()
  readonly #positions: LogPositions
  readonly #place: PlaceFile
  readonly #collapse: RotationOptions['collapse']
  /** The content of the file on disk, as far as this daemon knows. */
  #placed: Place | null
  /** null before the first check. */
  #lastSize: number | null = null

  /**
   * @param folder the slot's data folder
   * @param limit bytes at which the log is rotated
   * @param collapse takes bytes out of the beginning of a file; default: the kernel does, where it can
   */
  constructor(folder: string, limit: number, collapse?: RotationOptions['collapse']) {
    this.#path = join(folder, 'backend.log')
    this.#olderPath = `${this.#path}.1`
    this.#limit = limit
    this.#collapse = collapse
    this.#place = new PlaceFile(this.#path)
    this.#placed = this.#place.read()
    this.#positions = new LogPositions(this.#path, this.#olderPath, this.#placed)
  }

  /**
   * Opens the log for a new run, after a line that separates it from the previous run. It is opened in append mode: every write goes to
   * the current end of the file, so that the log can be truncated under a running backend.
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

  /** Rotates the log when it is too long, and checks again soon while it grows fast. Never throws, and never waits for another check. */
  async bound(): Promise<void> {
    if (this.#checking) return
    this.#checking = true
    try {
      const stats = await stat(this.#path)
      const { size } = stats
      const fast = size - (this.#lastSize ?? size) > this.#limit / fastPart
      if (fast) setTimeout(() => void this.bound(), soonMs).unref()
      this.#lastSize = size
      // It keeps growing while it is copied, so a fast-growing log is rotated early.
      if (size > (fast ? this.#limit * earlyPart : this.#limit)) {
        this.#rotating = this.#rotate()
        await this.#rotating
        this.#lastSize = (await stat(this.#path)).size
      }
      if (stats.isFile()) this.#keepPlace(stats.ino)
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') this.#warn('could not bound', error)
    } finally {
      this.#checking = false
    }
  }

  /** As Supervisor.followLogs. @returns the function that ends it */
  follow(take: TakeLog, from: LogFrom = { lines: 0 }): () => void {
    const follower = new LogFollower(this.#positions, take, from)
    this.#followers.add(follower)
    try {
      // The ids that it gets must be valid for the next daemon, even if the slot is not running.
      if (!this.#checking) this.#keepPlace()
    } catch (error) {
      this.#warn('could not keep the place of', error)
    }
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
    try {
      for (let tries = 1; ; tries += 1) {
        // During a rotation both files contain the same lines. A failure was reported where it happened.
        await this.#rotating.catch(() => null)
        const { begin } = this.#positions
        const lines = await tailLines([this.#path, this.#olderPath], count)
        if (begin === this.#positions.begin || tries === tailTries) return lines
      }
    } catch (error) {
      throw storageError(error, this.#path, 'read the log of a backend')
    }
  }

  /** The last lines of the latest run, for an exit report. @throws Hal0Error `storage.failed` */
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
    this.#place.remove()
  }

  async #rotate(): Promise<void> {
    // If the daemon is killed in the meantime, no wrong positions are left behind.
    this.#placed = null
    this.#place.remove()
    await rotate({
      path: this.#path,
      olderPath: this.#olderPath,
      limit: this.#limit,
      positions: this.#positions,
      onLost: (error) => this.#warn('could not keep the older part of', error),
      ...(this.#collapse === undefined ? {} : { collapse: this.#collapse }),
    })
  }

  /** @param inode of the log; looked up by default */
  #keepPlace(inode?: number): void {
    const place = this.#positions.place(inode)
    if (place === null || isDeepStrictEqual(place, this.#placed)) return
    // If it cannot be written, that is retried at the next change.
    this.#placed = place
    this.#place.write(place)
  }

  /** Warns only once, since it would otherwise be logged ten times a second. */
  #warn(what: string, error: unknown): void {
    if (!this.#warned) log.warn(`${what} ${this.#path}`, error)
    this.#warned = true
  }
}
