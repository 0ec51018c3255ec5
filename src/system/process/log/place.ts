/**
 * slots/<name>/backend.log.place: which of the bytes that a slot has printed its files hold. Lines are known by where they end, also
 * to readers that come back to the next daemon.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { type Static, Type } from 'typebox'
import { nullable } from '../../../contract/schema/nullable.ts'
import { problemsOf } from '../../../lib/validate.ts'
import { tempBeside } from '../../files/atomic-file.ts'
import { errnoOf } from '../../files/storage-error.ts'
import { isOfThisBoot } from '../../proc/boot-id.ts'

const position = Type.Integer({ minimum: 0 })

const Place = Type.Object({
  /** When the count of bytes began, milliseconds since the Unix epoch: positions of another count mean nothing. */
  count: position,
  /** The position at which backend.log begins. */
  begin: position,
  /** What the older file holds; null: nothing that has a position. */
  older: nullable(Type.Object({ start: position, end: position })),
  /** Of backend.log; another one has nothing to do with this count. */
  inode: position,
  boot_id: nullable(Type.String()),
  /** Start time of process 1: a restarted container keeps the kernel's boot id. */
  init_start: nullable(Type.Integer()),
})
export type Place = Static<typeof Place>

/** null: no file is there that could be read now. */
export const openToRead = (path: string): number | null => {
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

export class PlaceFile {
  readonly #path: string

  /** @param logPath of backend.log */
  constructor(logPath: string) {
    this.#path = `${logPath}.place`
  }

  /** null where it is missing, or of no use: a new count begins then. */
  read(): Place | null {
    try {
      const file = openToRead(this.#path)
      if (file === null) return null
      try {
        const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
        return problemsOf(Place, value).length === 0 && isOfThisBoot(value as Place) ? (value as Place) : null
      } finally {
        closeSync(file)
      }
    } catch {
      // Readers that come back are told that something may be missing, which is true.
      return null
    }
  }

  /**
   * At once, and not durably: after a power cut it is of another boot.
   * @throws what the system throws
   */
  write(place: Place): void {
    const temp = tempBeside(this.#path)
    writeFileSync(temp, `${JSON.stringify(place)}\n`)
    renameSync(temp, this.#path)
  }

  /** @throws what the system throws */
  remove(): void {
    rmSync(this.#path, { force: true, recursive: true })
  }
}
