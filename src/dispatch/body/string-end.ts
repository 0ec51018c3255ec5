/** Finds the ends of JSON strings in a piece of a body. */

const quote = 0x22
const backslash = 0x5c

export class StringEnd {
  /** Index of the next quote in the piece, as far as it was looked for. Without it, each escape of a long text would look for it again. */
  #quoteAt = -1

  /** Another piece is read from now on. */
  newPiece(): void {
    this.#quoteAt = -1
  }

  /** Index of the first quote or backslash at or after `from`; the length: there is none. `indexOf` beats a loop for longer strings. */
  find(bytes: Buffer, from: number): number {
    if (this.#quoteAt < from) {
      const found = bytes.indexOf(quote, from)
      this.#quoteAt = found < 0 ? bytes.length : found
    }
    // Only within the string: a search beyond it would read a body with many strings again and again.
    const slash = bytes.subarray(from, this.#quoteAt).indexOf(backslash)
    return slash < 0 ? this.#quoteAt : from + slash
  }
}
