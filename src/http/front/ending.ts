/** How a connection comes to its end. */

/** What of a socket ends it. */
interface Endable {
  /** Closes its sending side. */
  shutdown(): void
  end(): void
}

export class Ending {
  /** The client sends no more. */
  clientEnded = false
  /** Nothing more is read as requests: what comes is dropped until the client closes. */
  lingers = false
  /** It ends with a reset, once what was written is out. */
  resets = false
  readonly #socket: Endable
  #shut = false

  constructor(socket: Endable) {
    this.#socket = socket
  }

  /** Nothing is under way, and everything that was written is out. @returns whether it is to be reset now */
  settle(): boolean {
    if (this.resets) return true
    if (this.clientEnded) {
      this.#socket.end()
    } else if (this.lingers && !this.#shut) {
      // The end of the answer first; the client closes when it has read it, and what it still sends until then is dropped.
      this.#shut = true
      this.#socket.shutdown()
    }
    return false
  }
}
