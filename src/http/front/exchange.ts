/** One request of a connection, for the code that answers it, and its answer. */
import type { Answer, IncomingRequest } from '../../lib/http/incoming.ts'
import type { WireHeaders } from '../../lib/http/wire-headers.ts'
import { type AnswerHost, ClientAnswer } from './client-answer.ts'
import type { Peer } from './peer.ts'
import { BodyIntake } from './request/body-intake.ts'
import type { RequestHead } from './request/request-head.ts'
import type { SendQueue } from './send-queue.ts'

/** The reason when a request's signal aborts or its body fails. */
export class ClientLeft extends Error {
  override readonly name = 'ClientLeft'
}

class Incoming implements IncomingRequest {
  readonly method: string
  readonly target: string
  readonly headers: WireHeaders
  readonly body: BodyIntake
  readonly #peer: Peer
  #ending: AbortController | null = null
  #left: Error | null = null

  constructor({ method, target, headers }: RequestHead, body: BodyIntake, peer: Peer) {
    this.method = method
    this.target = target
    this.headers = headers
    this.body = body
    this.#peer = peer
  }

  get peer(): string {
    return this.#peer.address
  }

  get overSocket(): boolean {
    return this.#peer.overSocket
  }

  heldBy(key: string | null): void {
    this.#peer.holder = key
  }

  /** Created on first use: one for every request would cost a tenth of the relay. */
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

const continues = Buffer.from('HTTP/1.1 100 Continue\r\n\r\n')

/** A request and its answer. */
export class Exchange {
  readonly request: Incoming
  readonly answer: ClientAnswer
  readonly #sendQueue: SendQueue
  readonly #speaks11: boolean
  #awaitsContinue: boolean
  #begun = false

  /** @param askForBody called when somebody waits for more of the body */
  constructor(head: RequestHead, host: AnswerHost, peer: Peer, askForBody: () => void) {
    const body = new BodyIntake(head.length, () => {
      this.#sayContinue()
      askForBody()
    })
    this.request = new Incoming(head, body, peer)
    this.answer = new ClientAnswer(host, head)
    this.#sendQueue = host.sendQueue
    this.#speaks11 = head.minor === 1
    this.#awaitsContinue = head.awaitsContinue
  }

  /** Whether the request was handed over to be answered. */
  get begun(): boolean {
    return this.#begun
  }

  get body(): BodyIntake {
    return this.request.body
  }

  begin(give: (request: IncomingRequest, answer: Answer) => void): void {
    this.#begun = true
    give(this.request, this.answer)
  }

  /** Sends an interim response that every HTTP/1.1 client skips; if the client has left, its system answers with a reset. */
  probe(): void {
    if (this.#speaks11 && !this.answer.begun) this.#sendQueue.write(continues)
  }

  #sayContinue(): void {
    if (this.#awaitsContinue) this.#sendQueue.write(continues)
    this.#awaitsContinue = false
  }
}
