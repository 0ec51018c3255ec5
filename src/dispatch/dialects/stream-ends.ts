/** The first and the last pieces of a stream, for what is read of it once it has ended. */
import { type AnswerEnds, partBytes } from './usage.ts'

export class StreamEnds implements AnswerEnds {
  readonly #first: Buffer[] = []
  #firstSize = 0
  #last: Buffer[] = []
  #lastSize = 0

  add(piece: Buffer): void {
    if (this.#firstSize < partBytes) {
      this.#first.push(piece)
      this.#firstSize += piece.length
    }
    this.#last.push(piece)
    this.#lastSize += piece.length
    for (let oldest = this.#last[0]; oldest !== undefined && this.#lastSize - oldest.length >= partBytes; ) {
      this.#last.shift()
      this.#lastSize -= oldest.length
      oldest = this.#last[0]
    }
  }

  get start(): Buffer {
    return Buffer.concat(this.#first)
  }

  get end(): Buffer {
    return Buffer.concat(this.#last)
  }
}
