/** Reads a GGUF header from front to back. No length or count in the file is trusted: each is checked before memory is allocated. */
import { Hal0Error } from '../../lib/hal0-error.ts'
import { storageError } from '../../system/files/storage-error.ts'

/** A vocabulary of 250,000 tokens with merges makes a header of about 15 MB. Anything beyond this limit is not a model's header. */
const headerLimit = 256 * 1024 * 1024
const bufferBytes = 256 * 1024

/** Advice for a file that is shorter than its header says. */
export const cutShort = 'It seems to be cut short: download or copy it again.'

/**
 * The error for a file that is not a usable model.
 * @param why continues "FILE is not a usable GGUF model: …", without a full stop
 * @param next a sentence that says what to do, if anything
 */
export const invalidFile = (path: string, why: string, details: Record<string, unknown> = {}, next = ''): Hal0Error =>
  new Hal0Error('model.invalid_file', `${path} is not a usable GGUF model: ${why}. ${next}`.trimEnd(), {
    param: 'path',
    details: { path, ...details },
  })

/** Where the bytes come from: a file, or the part of it that has been downloaded. */
export interface ByteSource {
  /** @throws HeaderIncomplete if the bytes have not been downloaded yet */
  read(into: Buffer, offset: number, length: number, position: number): Promise<{ bytesRead: number }>
}

/** The header extends beyond the downloaded bytes. */
export class HeaderIncomplete extends Error {}

export class GgufCursor {
  readonly #file: ByteSource
  readonly #path: string
  readonly #size: number
  readonly #buffer = Buffer.allocUnsafe(bufferBytes)
  /** File offset of the buffer's first byte. */
  #base = 0
  /** Index of the next unread byte, and end of the bytes in the buffer. */
  #at = 0
  #end = 0

  /** @param size of the whole file, bytes */
  constructor(file: ByteSource, path: string, size: number) {
    this.#file = file
    this.#path = path
    this.#size = size
  }

  /** Bytes read so far. */
  get offset(): number {
    return this.#base + this.#at
  }

  /** An error for what was found at the current offset. */
  invalid(why: string, next = ''): Hal0Error {
    return invalidFile(this.#path, `${why} (at byte ${this.offset})`, { offset: this.offset }, next)
  }

  /** An unsigned integer of at most 4 bytes. */
  async uint(bytes: 1 | 2 | 4, what: string): Promise<number> {
    await this.#need(bytes, what)
    const value = this.#buffer.readUIntLE(this.#at, bytes)
    this.#at += bytes
    return value
  }

  u32(what: string): Promise<number> {
    return this.uint(4, what)
  }

  async u64(what: string): Promise<bigint> {
    await this.#need(8, what)
    const value = this.#buffer.readBigUInt64LE(this.#at)
    this.#at += 8
    return value
  }

  /** A count of items that each take at least `minBytes`, checked against the rest of the file. */
  async count(what: string, minBytes: number, limit: number): Promise<number> {
    const value = await this.u64(`the number of ${what}`)
    if (value * BigInt(minBytes) > BigInt(this.#size - this.offset)) {
      throw this.invalid(`it claims ${value} ${what}, more than fit into the file`)
    }
    if (value > BigInt(limit)) throw this.invalid(`it claims ${value} ${what}; at most ${limit} are accepted`)
    return Number(value)
  }

  /** A string of at most `limit` bytes. */
  async text(what: string, limit: number): Promise<string> {
    const bytes = await this.#length(what)
    if (bytes > limit) throw this.invalid(`${what} is ${bytes} bytes long; at most ${limit} are accepted`)
    await this.#need(bytes, what)
    const value = this.#buffer.toString('utf8', this.#at, this.#at + bytes)
    this.#at += bytes
    return value
  }

  async skip(bytes: number, what: string): Promise<void> {
    this.#require(bytes, what)
    if (bytes <= this.#end - this.#at) {
      this.#at += bytes
      return
    }
    this.#base = this.offset + bytes
    this.#at = 0
    this.#end = 0
  }

  /** Skips `count` strings. It does not wait for the event loop between strings that are in the buffer. */
  async skipStrings(count: number, what: string): Promise<void> {
    for (let index = 0; index < count; index++) {
      if (this.#end - this.#at < 8) await this.#need(8, what)
      const bytes = this.#lengthInBuffer(what)
      if (bytes <= this.#end - this.#at) this.#at += bytes
      else await this.skip(bytes, what)
    }
  }

  async #length(what: string): Promise<number> {
    await this.#need(8, `the length of ${what}`)
    return this.#lengthInBuffer(what)
  }

  /** The length of a string whose 8 bytes of length are in the buffer. */
  #lengthInBuffer(what: string): number {
    const low = this.#buffer.readUInt32LE(this.#at)
    const high = this.#buffer.readUInt32LE(this.#at + 4)
    const bytes = high * 0x1_0000_0000 + low
    this.#at += 8
    if (bytes > this.#size - this.offset) throw this.invalid(`${what} claims ${bytes} bytes, more than are left`)
    return bytes
  }

  #require(bytes: number, what: string): void {
    if (bytes > this.#size - this.offset) {
      throw this.invalid(`the file ends inside ${what}`, cutShort)
    }
    if (this.offset + bytes > headerLimit) {
      throw this.invalid(`its header is larger than ${headerLimit / 1024 / 1024} MiB`)
    }
  }

  /** Makes sure that the next `bytes` (at most the buffer's size) are in the buffer. */
  async #need(bytes: number, what: string): Promise<void> {
    this.#require(bytes, what)
    if (this.#end - this.#at >= bytes) return
    this.#buffer.copyWithin(0, this.#at, this.#end)
    this.#base += this.#at
    this.#end -= this.#at
    this.#at = 0
    while (this.#end < bytes) {
      const got = await this.#read()
      // fstat promised more: the file is being truncated while it is read.
      if (got === 0) throw this.invalid(`the file ends inside ${what}`, cutShort)
      this.#end += got
    }
  }

  async #read(): Promise<number> {
    try {
      const room = bufferBytes - this.#end
      return (await this.#file.read(this.#buffer, this.#end, room, this.#base + this.#end)).bytesRead
    } catch (error) {
      if (error instanceof HeaderIncomplete) throw error
      throw storageError(error, this.#path, 'read the header of a model')
    }
  }
}
