/** The file that a download writes into: of full size from the start, filled piece by piece in any order. */
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { diskError, inTheWay } from './disk-error.ts'

const { O_CREAT, O_NOFOLLOW, O_RDWR } = constants

/** Opens a regular file that no other name leads to. O_RDWR does not wait for the other end of a FIFO. */
export const openOwn = async (path: string, create: boolean): Promise<FileHandle> => {
  const file = await open(path, O_RDWR | O_NOFOLLOW | (create ? O_CREAT : 0), 0o644)
  try {
    const found = await file.stat()
    if (!found.isFile()) throw inTheWay(path, 'no regular file')
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
  /** Whether it had its full size when it was opened; else it is of no use before `reset`. */
  readonly found: boolean

  private constructor(file: FileHandle, path: string, size: number, found: boolean) {
    this.#file = file
    this.#path = path
    this.#size = size
    this.found = found
  }

  /** Makes the file when there is none. @throws Hal0Error `storage.failed`, `pull.no_space` */
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

  async write(bytes: Uint8Array, at: number): Promise<void> {
    await this.#doing('write', async () => {
      for (let done = 0; done < bytes.length; ) {
        done += (await this.#file.write(bytes, done, bytes.length - done, at + done)).bytesWritten
      }
    })
  }

  /** Fills `into` with the bytes from `at` on. */
  async read(into: Uint8Array, at: number): Promise<void> {
    await this.#doing('read', async () => {
      for (let done = 0; done < into.length; ) {
        const { bytesRead } = await this.#file.read(into, done, into.length - done, at + done)
        if (bytesRead === 0) throw inTheWay(this.#path, 'shorter than it was made')
        done += bytesRead
      }
    })
  }

  /** Resolves once what was written before the call survives a power cut. */
  async persist(): Promise<void> {
    await this.#doing('save', () => this.#file.datasync())
  }

  /** As new: full size, nothing in it. */
  async reset(): Promise<void> {
    await this.#doing('begin anew', async () => {
      await this.#file.truncate(0)
      await this.#file.truncate(this.#size)
    })
  }

  async close(): Promise<void> {
    await this.#file.close()
  }

  async #doing<T>(verb: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw diskError(error, this.#path, `${verb} the download`)
    }
  }
}
