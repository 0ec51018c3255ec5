/** One connection of a client: its requests one after the other, each answered before the next is begun. */
import type { Socket } from 'bun'
import { Hal0Error } from '../../lib/hal0-error.ts'
import type { Answer, IncomingRequest } from '../../lib/http/incoming.ts'
import { BodyIntake } from './body-intake.ts'
import { type AnswerHost, ClientAnswer } from './client-answer.ts'
import { ClientLeft, Incoming } from './incoming-exchange.ts'
import type { FrontLimits } from './limits.ts'
import { Outlet } from './outlet.ts'
import { Patience, type Wait } from './patience.ts'
import { type RequestHead, unreadable } from './request-head.ts'
import { type RequestEvents, RequestReader } from './request-reader.ts'

/** What a connection needs of the server. */
export interface ConnectionHost {
  readonly limits: FrontLimits
  /** The time as of the last sweep, milliseconds: to ask the clock for every request would cost more than it is worth. */
  readonly now: number
  /** No connection stays open after its answer. */
  readonly stopping: boolean
  answer(request: IncomingRequest, answer: Answer): void
  refuse(error: Hal0Error, answer: Answer): void
  /** The client closed its sending side while its answer is under way. */
  halfClosed(connection: Connection): void
  closed(connection: Connection): void
}

/** Bytes of further requests that are taken while one is answered. */
const heldBytes = 64 * 1024
const continues = Buffer.from('HTTP/1.1 100 Continue\r\n\r\n')
const stalled = new ClientLeft('the client took nothing of its answer for too long')
const hungUp = new ClientLeft('the client closed the connection')

export class Connection implements AnswerHost, RequestEvents {
  readonly outlet: Outlet
  readonly #host: ConnectionHost
  readonly #socket: Socket<Connection>
  readonly #reader = new RequestReader()
  #request: Incoming | null = null
  #awaitsContinue = false
  /** The request's head was read, and nobody was told yet. */
  #unbegun: ClientAnswer | null = null
  /** The answer under way. */
  #answering: ClientAnswer | null = null
  /** The client sends no more. */
  #ended = false
  /** Nothing more is read as requests: what comes is dropped until the client closes. */
  #lingers = false
  #open = true
  #shut = false
  /** It ends with a reset, once what was written is out. */
  #resets = false
  /** The present request is one of HTTP/1.1. */
  #speaks11 = false
  #running = false
  #paused = false
  readonly #patience: Patience

  constructor(socket: Socket<Connection>, host: ConnectionHost) {
    this.#socket = socket
    this.#host = host
    this.#patience = new Patience(host.limits, host.now)
    this.outlet = new Outlet(socket)
    this.outlet.onRoom = () => this.#answering?.onRoom?.()
    this.outlet.onEmpty = () => this.#settle()
  }

  /** It waits for a request, and nothing is under way. */
  get idle(): boolean {
    return this.#request === null && !this.#reader.inHead && this.outlet.waiting === 0
  }

  /** When it became idle. */
  get since(): number {
    return this.#patience.since
  }

  /** A request is not answered to its end. */
  get busy(): boolean {
    return this.#request !== null || (this.outlet.waiting > 0 && this.#open)
  }

  get peer(): { address: string; port: number; localAddress: string; localPort: number } {
    const { remoteAddress, remotePort, localAddress, localPort } = this.#socket
    return { address: remoteAddress, port: remotePort, localAddress, localPort }
  }

  /** Nothing of the present answer was sent yet. */
  get awaited(): boolean {
    return this.#open && this.#answering?.begun === false
  }

  // What the socket tells.

  received(bytes: Buffer): void {
    if (this.#lingers) return
    if (this.#request === null && !this.#reader.inHead) this.#patience.begin(this.#host.now)
    this.#patience.received(bytes.length)
    this.#reader.feed(bytes)
    this.#run()
  }

  /** The client closed its sending side: it may still read, or be gone altogether. */
  finished(): void {
    this.#ended = true
    if (this.#request === null) {
      if (this.#reader.inHead && !this.#lingers)
        this.refuse(unreadable('The connection ended within the head of a request.'))
      this.#settle()
    } else if (!this.#request.body.complete) {
      this.#request.body.fail(unreadable('The connection ended before the body of the request was whole.'))
    } else {
      this.#host.halfClosed(this)
    }
  }

  closed(): void {
    if (!this.#open) return
    this.#open = false
    this.outlet.clear()
    this.#request?.left(hungUp)
    this.#request = null
    this.#host.closed(this)
  }

  drained(): void {
    this.outlet.drained()
  }

  // What the reader tells.

  head(head: RequestHead): void {
    const body = new BodyIntake(head.length, () => this.#askForBody())
    this.#request = new Incoming(head, body, () => this.#socket.remoteAddress)
    this.#awaitsContinue = head.awaitsContinue
    this.#speaks11 = head.minor === 1
    this.#unbegun = new ClientAnswer(this, head)
    this.#patience.begin(this.#host.now)
  }

  data(piece: Buffer): void {
    this.#request?.body.add(piece)
  }

  end(): void {
    this.#request?.body.finish()
  }

  // What the answer tells.

  mayStayOpen(): boolean {
    const complete = this.#request?.body.complete ?? false
    return complete && !this.#host.stopping && !this.#lingers
  }

  answered(stays: boolean): void {
    this.#request = null
    this.#answering = null
    if (!this.#open) return
    this.#patience.begin(this.#host.now)
    if (stays) {
      this.#reader.next()
      this.#run()
    } else {
      this.#lingers = true
    }
    this.#settle()
  }

  broken(shows: boolean): void {
    this.#resets = !shows
    this.answered(false)
  }

  // What the server asks.

  /** Looks at the time: whoever takes too long is answered 408, or cut off. */
  check(): void {
    switch (this.#patience.verdict(this.#host.now, this.#waitsFor(), this.outlet)) {
      case 'stalled':
        this.cut(stalled)
        break
      case 'lingered':
        this.#destroy()
        break
      case 'idle':
        this.close()
        break
      case 'late head':
        this.refuse(unreadable('The head of the request did not come within time. Send it in one go.', 408))
        break
      case 'late body':
        this.#request?.body.fail(unreadable('The body of the request came too slowly. Send it in one go.', 408))
        break
      default:
    }
  }

  #waitsFor(): Wait {
    if (this.#lingers) return 'the client to close'
    if (this.#request === null) return this.#reader.inHead ? 'a head' : 'a request'
    return this.#request.body.awaited ? 'a body' : 'an answer'
  }

  /** Closes it when it has no request. */
  close(): void {
    if (this.#open && this.idle) this.#socket.end()
  }

  /** Ends it at once, whatever is under way. */
  cut(why: ClientLeft = hungUp): void {
    this.#request?.left(why)
    this.#destroy()
  }

  /** Sends what every client of HTTP/1.1 skips before its answer, and the system of one that is gone answers by a reset. */
  probe(): void {
    if (this.awaited && this.#speaks11) this.outlet.write(continues)
  }

  #askForBody(): void {
    this.#patience.begin(this.#host.now)
    if (this.#awaitsContinue) {
      this.#awaitsContinue = false
      this.outlet.write(continues)
    }
    this.#run()
  }

  /** Reads on as far as it goes, and begins what was read. */
  #run(): void {
    if (this.#running) return
    this.#running = true
    try {
      while (this.#reader.step(this) || this.#begin()) if (!this.#open || this.#lingers) break
    } catch (error) {
      this.#unreadable(Hal0Error.from(error))
    }
    this.#running = false
    this.#slow()
  }

  /** @returns whether a request was begun: its answer may be whole already, and the next one may follow */
  #begin(): boolean {
    const answer = this.#unbegun
    const request = this.#request
    if (answer === null || request === null) return false
    this.#unbegun = null
    this.#answering = answer
    this.#host.answer(request, answer)
    return true
  }

  /** Nothing of what follows can be read. */
  #unreadable(error: Hal0Error): void {
    this.#unbegun = null
    const request = this.#request
    // A body that cannot be read is for whoever takes it to answer; before that, or between requests, it is answered here.
    if (request !== null && this.#answering !== null) request.body.fail(error)
    else this.refuse(error)
  }

  /** Answers with `error` instead of a request that can be answered; the connection ends by that. */
  refuse(error: Hal0Error): void {
    this.#lingers = true
    this.#request = null
    this.#host.refuse(error, new ClientAnswer(this, { method: 'GET', minor: 1, keepsAlive: false }))
  }

  /** Stops reading what nobody asks for, and goes on when it is asked for. */
  #slow(): void {
    const full = !this.#lingers && (this.#request?.body.full === true || this.#reader.held > heldBytes)
    if (!this.#open || full === this.#paused) return
    this.#paused = full
    if (full) this.#socket.pause()
    else this.#socket.resume()
  }

  /** Once everything is out: closes what is to be closed. */
  #settle(): void {
    if (!this.#open || this.outlet.waiting > 0 || this.#request !== null) return
    if (this.#resets) this.#destroy()
    else if (this.#lingers) {
      this.#slow()
      // The end of the answer first; the client closes when it has read it, and what it still sends until then is dropped.
      if (this.#ended) this.#socket.end()
      else if (!this.#shut) this.#socket.shutdown()
      this.#shut = true
    } else if (this.#ended) {
      this.#socket.end()
    }
  }

  #destroy(): void {
    if (!this.#open) return
    this.#socket.terminate()
    this.closed()
  }
}
