/** Passes the body of one request from the connection to its reader. */
import type { IncomingBody } from '../../../lib/http/incoming.ts'

/** Number of unread bytes above which reading from the client stops. */
const roomBytes = 256 * 1024

interface Asking {
  resolve(piece: Buffer | null): void
  reject(error: Error): void
}

export class BodyIntake implements IncomingBody {
  readonly length: number | null
  readonly #wanted: () => void
  #pieces: Buffer[] = []
  #size = 0
  #complete = false
  #failure: Error | null = null
  #asking: Asking | null = null
  #dropped = false

  /** @param wanted called when somebody asks for data that has not arrived yet */
  constructor(length: number | null, wanted: () => void) {
    this.length = length
    this.#wanted = wanted
  }

  /** The whole body has arrived. */
  get complete(): boolean {
    return this.#complete
  }

  /** Reading from the client should stop. */
  get full(): boolean {
    return this.#size > roomBytes
  }

  /** Somebody is waiting for the client. */
  get awaited(): boolean {
    return this.#asking !== null
  }

  whole(): Buffer | null {
    if (!this.#complete) return null
    const pieces = this.#pieces
    this.#pieces = []
    this.#size = 0
    return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)
  }

  next(): Promise<Buffer | null> {
    const piece = this.#pieces.shift()
    if (piece !== undefined) {
      this.#size -= piece.length
      return Promise.resolve(piece)
    }
    if (this.#failure !== null) return Promise.reject(this.#failure)
    if (this.#complete) return Promise.resolve(null)
    return new Promise((resolve, reject) => {
      this.#asking = { resolve, reject }
      this.#wanted()
    })
  }

  add(piece: Buffer): void {
    const asking = this.#asking
    if (this.#dropped) return
    if (asking !== null) {
      this.#asking = null
      asking.resolve(piece)
      return
    }
    this.#pieces.push(piece)
    this.#size += piece.length
  }

  finish(): void {
    this.#complete = true
    this.#asking?.resolve(null)
    this.#asking = null
  }

  fail(error: Error): void {
    if (this.#complete || this.#failure !== null) return
    this.#failure = error
    this.#asking?.reject(error)
    this.#asking = null
  }

  /** Nobody reads any more: further bytes are dropped. */
  drop(): void {
    this.#dropped = true
    this.#pieces = []
    this.#size = 0
  }
}
