/** Where a client is. */

/** What knows it, e.g. a socket. */
interface Ends {
  readonly remoteAddress: string
  readonly remotePort: number
  readonly localAddress: string
  readonly localPort: number
}

export class Peer {
  readonly #ends: Ends
  #address: string | null = null

  constructor(ends: Ends) {
    this.#ends = ends
  }

  /** Asked of the system once: every request of the connection tells it. */
  get address(): string {
    this.#address ??= this.#ends.remoteAddress
    return this.#address
  }

  get port(): number {
    return this.#ends.remotePort
  }

  get localAddress(): string {
    return this.#ends.localAddress
  }

  get localPort(): number {
    return this.#ends.localPort
  }
}
