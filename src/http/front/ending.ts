/** How a connection ends. */

/** The part of a socket that ends it. */
interface Endable {
  /** Closes its sending side. */
  shutdown(): void
  end(): void
}

export class Ending {
  /** The client sends no more. */
  clientEnded = false
  /** No more requests are read: further bytes are dropped until the client closes. */
  lingers = false
  /** It ends with a reset, once everything written is sent. */
  resets = false
  readonly #socket: Endable
  #shut = false

  constructor(socket: Endable) {
    this.#socket = socket
  }

  /** Nothing is under way, and everything written is sent. @returns whether to reset the connection now */
  settle(): boolean {
    if (this.resets) return true
    if (this.clientEnded) {
      this.#socket.end()
    } else if (this.lingers && !this.#shut) {
      // First close the sending side. The client closes after reading the answer; what it sends until then is dropped.
      this.#shut = true
      this.#socket.shutdown()
    }
    return false
  }
}
