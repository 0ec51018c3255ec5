/** A body in the pieces in which it arrived, without copying it into one buffer. */

/** Small pieces are collected in blocks, since each separate one has 200 bytes of overhead. */
const smallBytes = 8 * 1024
const blockBytes = 64 * 1024

export class BodyPieces {
  /** Total size, bytes. */
  bytes = 0
  #pieces: Buffer[] = []
  /** The block at the end of the pieces, and how much of it is used. */
  #block: Buffer | null = null
  #filled = 0

  /** @param whole a body that arrived in one piece */
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

  /** The pieces, which stay here. */
  list(): readonly Buffer[] {
    return this.#pieces
  }

  /** Hands the pieces over to the caller: their memory is free once the caller drops them. */
  take(): Buffer[] {
    return this.#pieces.splice(0)
  }

  #fill(block: Buffer, piece: Buffer): void {
    block.set(piece, this.#filled)
    this.#filled += piece.length
    this.#pieces[this.#pieces.length - 1] = block.subarray(0, this.#filled)
  }
}
