/** Checks the first bytes of a file before the rest is requested. */

/** The received beginning of a file. */
export interface Head {
  /** Bytes of the whole file. */
  size: number
  /** Number of received bytes. */
  here: number
  /** Fills `into` with received bytes. */
  read: (into: Uint8Array, at: number) => void
}

/**
 * Checks a file by its head. The bytes are not verified yet; a refused file is never registered.
 * @param path in the repository
 * @returns `more`: the head is too short to decide; never for a complete file
 * @throws Hal0Error why the file is unusable: the rest is not fetched
 */
export type HeadJudge = (path: string, head: Head) => Promise<'fine' | 'more'>

/** If a head is too short, the next one is this many times as long. */
const growth = 4

/** Holds a download back until its head has been checked. */
export class HeadGate {
  readonly #judge: ((head: Head) => Promise<'fine' | 'more'>) | null
  readonly #size: number
  readonly #firstBytes: number
  #limit = 0

  /**
   * @param judge null: open from the start
   * @param size of the whole file
   * @param firstBytes length of the first head
   */
  constructor(judge: ((head: Head) => Promise<'fine' | 'more'>) | null, size: number, firstBytes: number) {
    this.#judge = judge
    this.#size = size
    this.#firstBytes = firstBytes
    this.close()
  }

  /** Nothing beyond this byte may be requested. */
  get limit(): number {
    return this.#limit
  }

  get isOpen(): boolean {
    return this.#limit === Number.POSITIVE_INFINITY
  }

  /** Opens the gate, or moves its limit. @throws Hal0Error why the file is refused */
  async pass(here: number, read: Head['read']): Promise<void> {
    const verdict = this.#judge === null ? 'fine' : await this.#judge({ size: this.#size, here, read })
    this.#limit = verdict === 'fine' ? Number.POSITIVE_INFINITY : Math.min(this.#size, this.#limit * growth)
  }

  /** The file starts over. */
  close(): void {
    this.#limit = this.#judge === null ? Number.POSITIVE_INFINITY : Math.min(this.#size, this.#firstBytes)
  }
}
