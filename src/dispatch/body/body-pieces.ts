/** A body in the pieces in which it came: nothing copies it into one. */

/** Small pieces are moved together into blocks: each by itself costs 200 bytes more than it holds. */
const smallBytes = 8 * 1024
const blockBytes = 64 * 1024

export class BodyPieces {
  /** In all. */
  bytes = 0
  #pieces: Buffer[] = []
  /** The block that is the last of the pieces, and how much of it is in use. */
  #block: Buffer | null = null
  #filled = 0

  /** @param whole a body that came in one */
  static of(whole: Buffer): BodyPieces {
    const body = new BodyPieces()
    body.bytes = whole.length
    body.#pieces.push(whole)
    return body
  }

  add(piece: Buffer): void {
    this.bytes += piece.length
    if (piece.length >= smallBytes) {
      this.#block = null
      this.#pieces.push(piece)
    } else if (this.#block !== null && piece.length <= blockBytes - this.#filled) {
      this.#fill(this.#block, piece)
    } else {
      this.#block = Buffer.allocUnsafeSlow(blockBytes)
      this.#filled = 0
      this.#pieces.push(this.#block)
      this.#fill(this.#block, piece)
    }
  }

  /** The pieces; they stay. */
  list(): readonly Buffer[] {
    return this.#pieces
  }

  /** The pieces, which are the caller's: what it lets go is free. */
  take(): Buffer[] {
    return this.#pieces.splice(0)
  }

  #fill(block: Buffer, piece: Buffer): void {
    block.set(piece, this.#filled)
    this.#filled += piece.length
    this.#pieces[this.#pieces.length - 1] = block.subarray(0, this.#filled)
  }
}
