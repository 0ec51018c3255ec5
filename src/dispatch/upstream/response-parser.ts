/**
 * Reads HTTP/1.1 answers of a backend from the bytes of its connection (RFC 9112), whole or cut anywhere. Pure.
 *
 * Why not `fetch`: in Bun 1.4.5 it runs every request through a second thread, which costs 1.5 times the CPU of the whole
 * relay, allows 256 requests at once for all slots together, and does not tell a close-delimited answer that was cut from
 * one that is complete.
 */
import { MalformedResponse, parseHead, type ResponseHead } from './response-head.ts'

export interface ResponseEvents {
  head(head: ResponseHead): void
  /** A piece of the body, never empty: a view of what was fed, all that one feeding had of it. */
  data(bytes: Buffer): void
  end(): void
}

/** A head that is longer is no head: llama.cpp's are about 300 bytes. */
const maxHeadBytes = 64 * 1024
/** A chunk's size line: 16 digits, and extensions that nobody sends. */
const maxLineBytes = 1024
const headEnd = Buffer.from('\r\n\r\n')
const lineEnd = Buffer.from('\r\n')
const space = 0x20
const tab = 0x09
const semicolon = 0x3b
/** No real chunk comes near it, and numbers are exact below it. */
const maxChunk = 2 ** 48

type State = 'head' | 'length' | 'until-close' | 'chunk-size' | 'chunk-data' | 'chunk-end' | 'trailers' | 'done'

/** Index of the CRLF that ends the line at `at`; -1 when it is not here yet. */
const lineEndAt = (all: Buffer, at: number): number => {
  const end = all.indexOf(lineEnd, at)
  if ((end < 0 ? all.length : end) - at > maxLineBytes) throw new MalformedResponse('an endless line')
  return end
}

/** The value of a hexadecimal digit's byte; -1 for any other. */
const hexDigit = (byte = 0): number => {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const letter = byte | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}

/**
 * The size in a chunk's first line, which may have blanks and an extension after it (RFC 9112 §7.1).
 * @param end where the line ends
 * @throws MalformedResponse
 */
const chunkSize = (all: Buffer, at: number, end: number): number => {
  let size = 0
  let next = at
  for (let digit = hexDigit(all[at]); next < end && digit >= 0; digit = hexDigit(all[next])) {
    size = size * 16 + digit
    next++
  }
  const known = next > at && size <= maxChunk
  while (next < end && (all[next] === space || all[next] === tab)) next++
  if (!known || (next < end && all[next] !== semicolon)) throw new MalformedResponse('a chunk without a size')
  return size
}

export class ResponseParser {
  #state: State = 'head'
  /** A head or a line that is not here whole yet. */
  #partial: Buffer | null = null
  /** Bytes left of the body, or of the chunk. */
  #left = 0
  #closes = false
  /** The piece of the body in what is being fed: its chunks, moved together. */
  #pieceAt = 0
  #pieceEnd = 0

  /** The answer is complete and the connection may carry another one. */
  get reusable(): boolean {
    return this.#state === 'done' && !this.#closes
  }

  get done(): boolean {
    return this.#state === 'done'
  }

  /** Makes it ready for the next answer of the connection. */
  next(): void {
    this.#state = 'head'
    this.#partial = null
    this.#closes = false
    this.#pieceAt = 0
    this.#pieceEnd = 0
  }

  /**
   * @param bytes are the parser's from here on: it moves what they hold
   * @throws MalformedResponse
   */
  feed(bytes: Buffer, events: ResponseEvents): void {
    let all = bytes
    if (this.#partial !== null) {
      all = Buffer.concat([this.#partial, bytes])
      this.#partial = null
    }
    for (let at = 0; at < all.length; ) {
      const next = this.#step(all, at, events)
      if (next < 0) {
        this.#partial = all.subarray(at)
        break
      }
      at = next
    }
    this.#flush(all, events)
  }

  /** The backend closed the connection. @returns whether the answer is complete by that; then `events.end` was called */
  close(events: ResponseEvents): boolean {
    if (this.#state !== 'until-close') return false
    this.#state = 'done'
    events.end()
    return true
  }

  /** @returns where the next step begins; -1 when more bytes are needed */
  #step(all: Buffer, at: number, events: ResponseEvents): number {
    switch (this.#state) {
      case 'head':
        return this.#readHead(all, at, events)
      case 'length':
      case 'chunk-data': {
        const size = Math.min(this.#left, all.length - at)
        this.#left -= size
        this.#add(all, at, size)
        if (this.#left === 0) {
          if (this.#state === 'length') this.#end(all, events)
          else this.#state = 'chunk-end'
        }
        return at + size
      }
      case 'until-close':
        this.#add(all, at, all.length - at)
        return all.length
      case 'chunk-end':
        if (all.length - at < 2) return -1
        if (all[at] !== 13 || all[at + 1] !== 10) throw new MalformedResponse('a chunk longer than its size')
        this.#state = 'chunk-size'
        return at + 2
      case 'chunk-size': {
        const end = lineEndAt(all, at)
        if (end < 0) return -1
        this.#left = chunkSize(all, at, end)
        this.#state = this.#left === 0 ? 'trailers' : 'chunk-data'
        return end + 2
      }
      case 'trailers': {
        const end = lineEndAt(all, at)
        if (end < 0) return -1
        if (end === at) this.#end(all, events)
        return end + 2
      }
      case 'done':
        // The answer stays whole. Where the next one would begin cannot be told any more.
        this.#closes = true
        return all.length
    }
  }

  /** Joins it to the piece: one copy within the bytes costs a third of a view for each chunk and their concatenation. */
  #add(all: Buffer, at: number, size: number): void {
    if (this.#pieceEnd === this.#pieceAt) {
      this.#pieceAt = at
      this.#pieceEnd = at
    } else if (this.#pieceEnd < at) {
      all.copyWithin(this.#pieceEnd, at, at + size)
    }
    this.#pieceEnd += size
  }

  #flush(all: Buffer, events: ResponseEvents): void {
    if (this.#pieceEnd > this.#pieceAt) events.data(all.subarray(this.#pieceAt, this.#pieceEnd))
    this.#pieceAt = 0
    this.#pieceEnd = 0
  }

  #end(all: Buffer, events: ResponseEvents): void {
    this.#flush(all, events)
    this.#state = 'done'
    events.end()
  }

  #readHead(all: Buffer, at: number, events: ResponseEvents): number {
    const end = all.indexOf(headEnd, at)
    if ((end < 0 ? all.length : end) - at > maxHeadBytes) throw new MalformedResponse('an endless head')
    if (end < 0) return -1
    const head = parseHead(all.toString('latin1', at, end))
    // 100 Continue and its like announce the real head.
    if (head.status < 200) return end + 4
    this.#closes = head.closes
    events.head(head)
    switch (head.framing) {
      case 'none':
        this.#end(all, events)
        break
      case 'length':
        this.#left = head.length ?? 0
        this.#state = 'length'
        break
      case 'chunked':
        this.#state = 'chunk-size'
        break
      case 'until-close':
        this.#state = 'until-close'
    }
    return end + 4
  }
}
