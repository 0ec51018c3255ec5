/**
 * Reads HTTP/1.1 answers of a backend from the bytes of its connection (RFC 9112), whole or cut anywhere. Pure.
 *
 * Why not `fetch`: in Bun 1.4.5 it runs every request through a second thread, which costs 1.5 times the CPU of the whole
 * relay, allows 256 requests at once for all slots together, and does not tell a close-delimited answer that was cut from
 * one that is complete.
 */

export interface ResponseHead {
  status: number
  /** Names in lower case; a name that came several times has its values joined by ", " (Set-Cookie too: it is never relayed). */
  headers: Record<string, string>
  /** Length of the body in bytes; null when only its end will tell. */
  length: number | null
  /** The body ends where the connection ends, so that a cut cannot be told from the end. */
  untilClose: boolean
}

export interface ResponseEvents {
  head(head: ResponseHead): void
  /** A piece of the body, never empty: a view of what was fed. */
  data(bytes: Buffer): void
  end(): void
}

/** The backend does not speak HTTP/1.1. */
export class MalformedResponse extends Error {
  override readonly name = 'MalformedResponse'
}

/** A head that is longer is no head: llama.cpp's are about 300 bytes. */
const maxHeadBytes = 64 * 1024
/** A chunk's size line: 16 digits, and extensions that nobody sends. */
const maxLineBytes = 1024
const headEnd = Buffer.from('\r\n\r\n')
const lineEnd = Buffer.from('\r\n')
const digits = /^[0-9]{1,15}$/
const hexDigits = /^[0-9a-fA-F]{1,12}$/

type State = 'head' | 'length' | 'until-close' | 'chunk-size' | 'chunk-data' | 'chunk-end' | 'trailers' | 'done'

const parseHeaders = (text: string, from: number): Record<string, string> => {
  const headers: Record<string, string> = Object.create(null)
  for (let at = from; at < text.length; ) {
    let end = text.indexOf('\r\n', at)
    if (end < 0) end = text.length
    const colon = text.indexOf(':', at)
    if (colon <= at || colon >= end) throw new MalformedResponse('a header line without a name')
    const name = text.slice(at, colon).toLowerCase()
    const value = text.slice(colon + 1, end).trim()
    const known = headers[name]
    headers[name] = known === undefined ? value : `${known}, ${value}`
    at = end + 2
  }
  return headers
}

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
    const text = all.toString('latin1', at, end)
    const status = Number(text.slice(9, 12))
    if (!text.startsWith('HTTP/1.') || !(status >= 100 && status <= 599)) throw new MalformedResponse('no status line')
    if (status === 101) throw new MalformedResponse('a change of protocol that nobody asked for')
    // 100 Continue and its like announce the real head.
    if (status < 200) return end + 4
    const firstLine = text.indexOf('\r\n')
    const headers = firstLine < 0 ? Object.create(null) : parseHeaders(text, firstLine + 2)
    const connection = headers.connection?.toLowerCase() ?? ''
    this.#closes = connection.includes('close') || (text[7] === '0' && !connection.includes('keep-alive'))
    this.#startBody(status, headers, events)
    return end + 4
  }

  #startBody(status: number, headers: Record<string, string>, events: ResponseEvents): void {
    const coding = headers['transfer-encoding']
    const size = headers['content-length']
    if (status === 204 || status === 304) {
      events.head({ status, headers, length: 0, untilClose: false })
      this.#end(events)
    } else if (coding !== undefined) {
      if (coding.toLowerCase() !== 'chunked') throw new MalformedResponse(`the unknown transfer coding ${coding}`)
      // RFC 9112 §6.3: a Content-Length beside it counts for nothing; such a connection is not used again.
      if (size !== undefined) this.#closes = true
      this.#state = 'chunk-size'
      events.head({ status, headers, length: null, untilClose: false })
    } else if (size !== undefined) {
      if (!digits.test(size)) throw new MalformedResponse('a Content-Length that is no number')
      this.#left = Number(size)
      this.#state = 'length'
      events.head({ status, headers, length: this.#left, untilClose: false })
      if (this.#left === 0) this.#end(events)
    } else {
      this.#state = 'until-close'
      this.#closes = true
      events.head({ status, headers, length: null, untilClose: true })
    }
  }
}
