/** One request of a connection as whoever answers it sees it. */
import type { IncomingRequest } from '../../lib/http/incoming.ts'
import type { WireHeaders } from '../../lib/http/wire-headers.ts'
import type { BodyIntake } from './body-intake.ts'
import type { RequestHead } from './request-head.ts'

/** Why a request's signal aborts, and its body fails. */
export class ClientLeft extends Error {
  override readonly name = 'ClientLeft'
}

export class Incoming implements IncomingRequest {
  readonly method: string
  readonly target: string
  readonly headers: WireHeaders
  readonly body: BodyIntake
  readonly #peer: () => string
  #ending: AbortController | null = null
  #left: Error | null = null

  constructor({ method, target, headers }: RequestHead, body: BodyIntake, peer: () => string) {
    this.method = method
    this.target = target
    this.headers = headers
    this.body = body
    this.#peer = peer
  }

  get peer(): string {
    return this.#peer()
  }

  /** Made when it is first asked for: one for every request would cost a tenth of the relay. */
  get signal(): AbortSignal {
    if (this.#ending === null) {
      this.#ending = new AbortController()
      if (this.#left !== null) this.#ending.abort(this.#left)
    }
    return this.#ending.signal
  }

  /** The client is gone. */
  left(why: Error): void {
    if (this.#left !== null) return
    this.#left = why
    this.body.fail(why)
    this.#ending?.abort(why)
  }
}
