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
  /** A piece of the body, never empty: a view of what was fed. */
  data(bytes: Buffer): void
  end(): void
}

/** A head that is longer is no head: llama.cpp's are about 300 bytes. */
const maxHeadBytes = 64 * 1024
/** A chunk's size line: 16 digits, and extensions that nobody sends. */
const maxLineBytes = 1024
const headEnd = Buffer.from('\r\n\r\n')
const lineEnd = Buffer.from('\r\n')
const hexDigits = /^[0-9a-fA-F]{1,12}$/

type State = 'head' | 'length' | 'until-close' | 'chunk-size' | 'chunk-data' | 'chunk-end' | 'trailers' | 'done'

/** Index of the CRLF that ends the line at `at`; -1 when it is not here yet. */
const lineEndAt = (all: Buffer, at: number): number => {
  const end = all.indexOf(lineEnd, at)
  if ((end < 0 ? all.length : end) - at > maxLineBytes) throw new MalformedResponse('an endless line')
  return end
}

export class ResponseParser {
  #state: State = 'head'
  /** A head or a line that is not here whole yet. */
  #partial: Buffer | null = null
  /** Bytes left of the body, or of the chunk. */
  #left = 0
  #closes = false

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
  }

  /** @throws MalformedResponse */
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
        return
      }
      at = next
    }
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
        events.data(all.subarray(at, at + size))
        if (this.#left === 0) {
          if (this.#state === 'length') this.#end(events)
          else this.#state = 'chunk-end'
        }
        return at + size
      }
      case 'until-close':
        events.data(all.subarray(at))
        return all.length
      case 'chunk-end':
        if (all.length - at < 2) return -1
        if (all[at] !== 13 || all[at + 1] !== 10) throw new MalformedResponse('a chunk longer than its size')
        this.#state = 'chunk-size'
        return at + 2
      case 'chunk-size': {
        const end = lineEndAt(all, at)
        if (end < 0) return -1
        const line = all.toString('latin1', at, end)
        const semicolon = line.indexOf(';')
        const size = (semicolon < 0 ? line : line.slice(0, semicolon)).trim()
        if (!hexDigits.test(size)) throw new MalformedResponse('a chunk without a size')
        this.#left = Number.parseInt(size, 16)
        this.#state = this.#left === 0 ? 'trailers' : 'chunk-data'
        return end + 2
      }
      case 'trailers': {
        const end = lineEndAt(all, at)
        if (end < 0) return -1
        if (end === at) this.#end(events)
        return end + 2
      }
      case 'done':
        throw new MalformedResponse('bytes after the end of the answer')
    }
  }

  #end(events: ResponseEvents): void {
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
        this.#end(events)
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
