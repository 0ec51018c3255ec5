/**
 * Decodes the body of an HTTP/1.1 message (RFC 9112 §6 and §7), whole or split anywhere: of requests that hal0 receives and of
 * answers from backends. Pure.
 */

/** What marks the end of the body. */
export type BodyFraming = 'length' | 'chunked' | 'until-close'

/** The bytes break the framing rules of HTTP/1.1. */
export class MalformedMessage extends Error {
  override readonly name: string = 'MalformedMessage'
}

type State = BodyFraming | 'chunk-size' | 'chunk-data' | 'chunk-end' | 'trailers' | 'done'

/** For a chunk's size line: 16 digits, and extensions, which nobody sends. Trailers are lines as well. */
const maxLineBytes = 1024
const maxTrailers = 64
const lineEnd = Buffer.from('\r\n')
const cr = 0x0d
const lf = 0x0a
const space = 0x20
const tab = 0x09
const semicolon = 0x3b
/** No real chunk comes near it, and numbers below it are exact. */
const maxChunk = 2 ** 48

/** Whether a line contains a lone CR or LF: two parsers may disagree about where such a line ends. */
const holdsLineBreak = (all: Buffer, at: number, end: number): boolean => {
  for (let next = at; next < end; next++) if (all[next] === lf || all[next] === cr) return true
  return false
}

/** Index of the CRLF that ends the line at `at`; -1 when it has not arrived yet. @throws MalformedMessage when it never can */
const lineEndAt = (all: Buffer, at: number): number => {
  const end = all.indexOf(lineEnd, at)
  const here = end < 0 ? all.length : end
  if (here - at > maxLineBytes) throw new MalformedMessage('an endless line')
  // A CR at the end may still get its LF.
  const judged = end < 0 && all[here - 1] === cr ? here - 1 : here
  if (holdsLineBreak(all, at, judged)) throw new MalformedMessage('a lone line break')
  return end
}

/** The value of a hexadecimal digit; -1 for any other byte. */
const hexDigit = (byte = 0): number => {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const letter = byte | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}

/**
 * The size in the first line of a chunk. Blanks and an extension may follow it (RFC 9112 §7.1).
 * @param end index of the line's end
 * @throws MalformedMessage
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
  if (!known || (next < end && all[next] !== semicolon)) throw new MalformedMessage('a chunk without a size')
  return size
}

export class BodyDecoder {
  #state: State = 'done'
  /** Remaining bytes of the body, or of the chunk. */
  #left = 0
  #trailers = 0
  /** The piece of the body in the bytes being decoded: its chunks, moved together. */
  #pieceAt = 0
  #pieceEnd = 0

  /** @param length of the whole body in bytes; used only for framing "length" */
  start(framing: BodyFraming, length: number): void {
    this.#left = length
    this.#trailers = 0
    if (framing === 'chunked') this.#state = 'chunk-size'
    else this.#state = framing === 'length' && length === 0 ? 'done' : framing
  }

  get done(): boolean {
    return this.#state === 'done'
  }

  /** The connection was closed. @returns whether that completes the body */
  close(): boolean {
    if (this.#state === 'until-close') this.#state = 'done'
    return this.#state === 'done'
  }

  /**
   * @param all bytes of the message, which the decoder owns from here on: it moves bytes within them
   * @param at index of the first byte to decode
   * @param sink gets the piece of the body in these bytes, in one call: never empty, a view of `all`
   * @returns index of the end of the body; while the body is not complete, index of the first byte not consumed
   * @throws MalformedMessage
   */
  decode(all: Buffer, at: number, sink: { data(piece: Buffer): void }): number {
    let next = at
    this.#pieceAt = at
    this.#pieceEnd = at
    while (next < all.length && this.#state !== 'done') {
      const after = this.#step(all, next)
      if (after < 0) break
      next = after
    }
    if (this.#pieceEnd > this.#pieceAt) sink.data(all.subarray(this.#pieceAt, this.#pieceEnd))
    return next
  }

  /** @returns where the next step begins; -1 when more bytes are needed */
  #step(all: Buffer, at: number): number {
    switch (this.#state) {
      case 'length':
      case 'chunk-data': {
        const size = Math.min(this.#left, all.length - at)
        this.#left -= size
        this.#add(all, at, size)
        if (this.#left === 0) this.#state = this.#state === 'length' ? 'done' : 'chunk-end'
        return at + size
      }
      case 'until-close':
        this.#add(all, at, all.length - at)
        return all.length
      case 'chunk-end':
        if (all.length - at < 2) return -1
        if (all[at] !== cr || all[at + 1] !== lf) throw new MalformedMessage('a chunk longer than its size')
        this.#state = 'chunk-size'
        return at + 2
      case 'chunk-size': {
        const end = lineEndAt(all, at)
        if (end < 0) return -1
        this.#left = chunkSize(all, at, end)
        this.#state = this.#left === 0 ? 'trailers' : 'chunk-data'
        return end + 2
      }
      default: {
        // Trailers are dropped: nothing here uses them.
        const end = lineEndAt(all, at)
        if (end < 0) return -1
        if (end === at) this.#state = 'done'
        else if (++this.#trailers > maxTrailers) throw new MalformedMessage('endless trailers')
        return end + 2
      }
    }
  }

  /** Appends to the piece. Moving bytes in place costs a third of making a view of each chunk and concatenating them. */
  #add(all: Buffer, at: number, size: number): void {
    if (this.#pieceEnd === this.#pieceAt) {
      this.#pieceAt = at
      this.#pieceEnd = at
    } else if (this.#pieceEnd < at) {
      all.copyWithin(this.#pieceEnd, at, at + size)
    }
    this.#pieceEnd += size
  }
}
