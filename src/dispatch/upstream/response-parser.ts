/**
 * Parses a backend's HTTP/1.1 answers from the bytes of its connection (RFC 9112), whole or split anywhere. Pure.
 *
 * Why not `fetch`: in Bun 1.4.5 it runs every request through a second thread, which costs 1.5 times the CPU of the whole
 * relay, allows 256 requests at once for all slots together, and does not distinguish a truncated close-delimited answer from a
 * complete one.
 */
import { BodyDecoder } from '../../lib/http/body-decoder.ts'
import { MalformedResponse, parseHead, type ResponseHead } from './response-head.ts'

export interface ResponseEvents {
  head(head: ResponseHead): void
  /** A piece of the body, never empty: a view of the fed bytes, at most one for each call of `feed`. */
  data(bytes: Buffer): void
  end(): void
}

/** Maximum size of a head; those of backends have about 300 bytes. */
const maxHeadBytes = 64 * 1024
const headEnd = Buffer.from('\r\n\r\n')

export class ResponseParser {
  #state: 'head' | 'body' | 'done' = 'head'
  readonly #body = new BodyDecoder()
  /** An incomplete head or line. */
  #partial: Buffer | null = null
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

  /**
   * @param bytes owned by the parser from here on: it moves bytes within them
   * @throws MalformedMessage
   */
  feed(bytes: Buffer, events: ResponseEvents): void {
    let all = bytes
    if (this.#partial !== null) {
      all = Buffer.concat([this.#partial, bytes])
      this.#partial = null
    }
    for (let at = 0; at < all.length; ) {
      const next = this.#step(all, at, events)
      if (next < all.length && next === at) {
        this.#partial = all.subarray(at)
        break
      }
      at = next
    }
  }

  /** The backend closed the connection. @returns whether that completes the answer; then `events.end` was called */
  close(events: ResponseEvents): boolean {
    if (this.#state !== 'body' || !this.#body.close()) return false
    this.#state = 'done'
    events.end()
    return true
  }

  /** @returns where the next step begins; `at` when more bytes are needed */
  #step(all: Buffer, at: number, events: ResponseEvents): number {
    if (this.#state === 'done') {
      // The answer is complete, but it is unknown where the next one would begin.
      this.#closes = true
      return all.length
    }
    if (this.#state === 'head') return this.#readHead(all, at, events)
    const next = this.#body.decode(all, at, events)
    if (this.#body.done) {
      this.#state = 'done'
      events.end()
    }
    return next
  }

  #readHead(all: Buffer, at: number, events: ResponseEvents): number {
    const end = all.indexOf(headEnd, at)
    if ((end < 0 ? all.length : end) - at > maxHeadBytes) throw new MalformedResponse('an endless head')
    if (end < 0) return at
    const head = parseHead(all.toString('latin1', at, end))
    const next = end + headEnd.length
    // 100 Continue and similar heads precede the real one.
    if (head.status < 200) return next
    this.#closes = head.closes
    this.#body.start(head.framing === 'none' ? 'length' : head.framing, head.length ?? 0)
    this.#state = this.#body.done ? 'done' : 'body'
    events.head(head)
    if (this.#body.done) events.end()
    return next
  }
}
