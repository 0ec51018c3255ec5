/** Parses the requests of one connection from its bytes, whole or split anywhere, one at a time. Pure. */
import { BodyDecoder, MalformedMessage } from '../../../lib/http/body-decoder.ts'
import {
  headTooLarge,
  maxTarget,
  noRequest,
  parseRequestHead,
  type RequestHead,
  targetTooLong,
  unreadable,
} from './request-head.ts'

export interface RequestEvents {
  head(head: RequestHead): void
  /** A piece of the body, never empty: a view of the fed bytes. */
  data(piece: Buffer): void
  /** The request is complete. */
  end(): void
}

const maxHeadBytes = 32 * 1024
/** Empty lines before a request are skipped (RFC 9112 §2.2), since simple clients send one after a body. */
const maxBlankBytes = 1024
const headEnd = Buffer.from('\r\n\r\n')
const cr = 0x0d
const lf = 0x0a
const space = 0x20
const del = 0x7f
/** The first byte of a TLS handshake. */
const tlsHandshake = 0x16

export class RequestReader {
  readonly #body = new BodyDecoder()
  #state: 'head' | 'body' | 'done' = 'head'
  /** Bytes that were fed but not parsed yet. */
  #pending: Buffer | null = null
  #blanks = 0

  /** A request has begun, but its head is incomplete. */
  get inHead(): boolean {
    return this.#state === 'head' && this.#pending !== null
  }

  /** Number of held bytes: of an incomplete head, or of requests after the current one. */
  get held(): number {
    return this.#pending?.length ?? 0
  }

  feed(bytes: Buffer): void {
    this.#pending = this.#pending === null ? bytes : Buffer.concat([this.#pending, bytes])
  }

  /** The current request is answered: the next one may be parsed. */
  next(): void {
    this.#state = 'head'
    this.#blanks = 0
  }

  /**
   * Parses the fed bytes up to the end of a head, of a request, or of the bytes.
   * @returns whether there may be more to parse
   * @throws Hal0Error `request.invalid`: the following bytes cannot be interpreted
   */
  step(events: RequestEvents): boolean {
    const all = this.#pending
    if (all === null || this.#state === 'done') return false
    return this.#state === 'head' ? this.#readHead(all, events) : this.#readBody(all, events)
  }

  #keep(all: Buffer, at: number): void {
    this.#pending = at < all.length ? (at === 0 ? all : all.subarray(at)) : null
  }

  #readHead(all: Buffer, events: RequestEvents): boolean {
    let at = 0
    while (all[at] === lf || (all[at] === cr && all[at + 1] === lf)) at += all[at] === lf ? 1 : 2
    this.#blanks += at
    if (this.#blanks > maxBlankBytes) throw unreadable('The connection carries empty lines instead of a request.')
    const end = all.indexOf(headEnd, at)
    const size = (end < 0 ? all.length : end) - at
    if (end < 0) {
      this.#keep(all, at)
      if (size > 0) this.#judgePart(all, at)
      return false
    }
    if (size > maxHeadBytes) throw this.#tooLarge(all, at)
    const head = parseRequestHead(all.toString('latin1', at, end))
    this.#keep(all, end + headEnd.length)
    this.#body.start(head.chunked ? 'chunked' : 'length', head.length ?? 0)
    this.#state = 'body'
    events.head(head)
    if (this.#body.done) this.#end(events)
    return true
  }

  /** Refuses at once a head that can never become valid, instead of waiting for its end. */
  #judgePart(all: Buffer, at: number): void {
    const first = all[at] ?? 0
    if (first === tlsHandshake)
      throw unreadable('hal0 speaks HTTP here, not HTTPS. Use an address that begins with http://.')
    // No method begins with one of these.
    if (first !== cr && (first <= space || first >= del)) throw noRequest()
    if (all.length - at > maxHeadBytes) throw this.#tooLarge(all, at)
    const line = all.indexOf(lf, at)
    if (line < 0 && all.length - at > maxTarget + 256) throw targetTooLong()
    if ((line >= 0 && all[line - 1] !== cr) || all.includes('\n\n', at)) {
      throw unreadable('The lines of an HTTP request end with CRLF, not with LF alone.')
    }
  }

  #tooLarge(all: Buffer, at: number): Error {
    const line = all.indexOf(lf, at)
    return line < 0 || line - at > maxTarget + 256 ? targetTooLong() : headTooLarge()
  }

  #readBody(all: Buffer, events: RequestEvents): boolean {
    let stopped: number
    try {
      stopped = this.#body.decode(all, 0, events)
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error
      throw unreadable(`The chunks of the request's body cannot be read: ${error.message}.`)
    }
    this.#keep(all, stopped)
    if (!this.#body.done) return false
    this.#end(events)
    return true
  }

  #end(events: RequestEvents): void {
    this.#state = 'done'
    events.end()
  }
}
