/**
 * The file that a download writes into. It has its full size from the start, and is filled piece by piece in any order.
 *
 * Bytes are written to the page cache and read from it in the calling thread, the download's own, which gives way to the API's
 * thread. The threads that Bun keeps for files do not, and took CPU time from requests (npm run bench:pull).
 */
import { constants, readSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { Hal0Error } from '../../../lib/hal0-error.ts'
import { writeAt } from '../../../system/files/write-at.ts'
import { diskError, inTheWay } from './disk-error.ts'

const { O_CREAT, O_NOFOLLOW, O_RDWR } = constants

/** Opens a regular file that no other name leads to. O_RDWR does not wait for the other end of a FIFO. */
export const openOwn = async (path: string, create: boolean): Promise<FileHandle> => {
  const file = await open(path, O_RDWR | O_NOFOLLOW | (create ? O_CREAT : 0), 0o644)
  try {
    const found = await file.stat()
    if (!found.isFile()) throw inTheWay(path, 'not a regular file')
    if (found.nlink > 1) throw inTheWay(path, 'a file with other names')
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

export class PartialFile {
  readonly #file: FileHandle
  readonly #path: string
  readonly #size: number
  /** Whether it had its full size when it was opened; otherwise it needs `reset` first. */
  readonly found: boolean

  private constructor(file: FileHandle, path: string, size: number, found: boolean) {
    this.#file = file
    this.#path = path
    this.#size = size
    this.found = found
  }

  /** Creates the file if it does not exist. @throws Hal0Error `storage.failed`, `pull.no_space` */
  static async open(path: string, size: number): Promise<PartialFile> {
    try {
      const file = await openOwn(path, true)
      try {
        return new PartialFile(file, path, size, (await file.stat()).size === size)
      } catch (error) {
        await file.close()
        throw error
      }
    } catch (error) {
      throw diskError(error, path, 'begin a download')
    }
  }

  write(bytes: Uint8Array, at: number): void {
    try {
      writeAt(this.#file.fd, bytes, at)
    } catch (error) {
      throw this.#failure(error, 'write')
    }
  }

  /** Fills `into` with the bytes from `at` on. */
  read(into: Uint8Array, at: number): void {
    try {
      for (let done = 0; done < into.length; ) {
        const read = readSync(this.#file.fd, into, done, into.length - done, at + done)
        if (read === 0) throw inTheWay(this.#path, 'shorter than it was')
        done += read
      }
    } catch (error) {
      throw this.#failure(error, 'read')
    }
  }

  /** Resolves once everything written before the call survives a power cut. */
  async persist(): Promise<void> {
    await this.#doing('save', () => this.#file.datasync())
  }

  /** Makes it like new: full size, no content. */
  async reset(): Promise<void> {
    await this.#doing('begin anew', async () => {
      await this.#file.truncate(0)
      await this.#file.truncate(this.#size)
    })
  }

  async close(): Promise<void> {
    await this.#file.close()
  }

  async #doing(verb: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      throw this.#failure(error, verb)
    }
  }

  #failure(error: unknown, verb: string): Hal0Error {
    return diskError(error, this.#path, `${verb} the download`)
  }
}
