/** The address of a client. */

/** The source of the address, e.g. a socket. */
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

  /** Read from the system only once, since every request of the connection needs it. */
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
