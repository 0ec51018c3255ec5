/** What is done with the first bytes of a file before the rest is asked for. */

/** The part of a file that is here from its beginning on. */
export interface Head {
  /** Bytes of the whole file. */
  size: number
  /** Bytes that are here. */
  here: number
  /** Fills `into` with bytes that are here. */
  read: (into: Uint8Array, at: number) => void
}

/**
 * Judges a file by its head. The bytes are not verified yet; what is refused is never registered.
 * @param path in the repository
 * @returns `more`: the head is too short to tell; never for a file that is here whole
 * @throws Hal0Error why nobody could use the file: the rest is not fetched
 */
export type HeadJudge = (path: string, head: Head) => Promise<'fine' | 'more'>

/** When a head was too short, the next one is this many times as long. */
const growth = 4

/** Where a download waits until what is before it was judged. */
export class HeadGate {
  readonly #judge: ((head: Head) => Promise<'fine' | 'more'>) | null
  readonly #size: number
  readonly #firstBytes: number
  #limit = 0

  /**
   * @param judge null: open from the start
   * @param size of the whole file
   * @param firstBytes what is judged first
   */
  constructor(judge: ((head: Head) => Promise<'fine' | 'more'>) | null, size: number, firstBytes: number) {
    this.#judge = judge
    this.#size = size
    this.#firstBytes = firstBytes
    this.close()
  }

  /** Nothing beyond this byte is to be asked for. */
  get limit(): number {
    return this.#limit
  }

  get isOpen(): boolean {
    return this.#limit === Number.POSITIVE_INFINITY
  }

  /** Opens the gate, or moves it on. @throws Hal0Error why the file is refused */
  async pass(here: number, read: Head['read']): Promise<void> {
    const verdict = this.#judge === null ? 'fine' : await this.#judge({ size: this.#size, here, read })
    this.#limit = verdict === 'fine' ? Number.POSITIVE_INFINITY : Math.min(this.#size, this.#limit * growth)
  }

  /** The file begins anew. */
  close(): void {
    this.#limit = this.#judge === null ? Number.POSITIVE_INFINITY : Math.min(this.#size, this.#firstBytes)
  }
}
