/** How much of the end of an answer is kept: a last event with usage figures has about 700 bytes. */
export const tailBytes = 4096

/** Keeps the last pieces of a stream, at least 4 KiB of it. */
export class StreamTail {
  #pieces: Buffer[] = []
  #size = 0

  add(piece: Buffer): void {
    this.#pieces.push(piece)
    this.#size += piece.length
    for (let first = this.#pieces[0]; first !== undefined && this.#size - first.length >= tailBytes; ) {
      this.#pieces.shift()
      this.#size -= first.length
      first = this.#pieces[0]
    }
  }

  bytes(): Buffer {
    return Buffer.concat(this.#pieces)
  }
}
