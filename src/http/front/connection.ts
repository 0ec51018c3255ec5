/** One client connection: its requests one after the other, each answered before the next one begins. */
import type { Socket } from 'bun'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { type AnswerHost, ClientAnswer } from './client-answer.ts'
import type { ConnectionHost } from './connection-host.ts'
import { ConnectionTimeouts, type Wait } from './connection-timeouts.ts'
import { Ending } from './ending.ts'
import { ClientLeft, Exchange } from './exchange.ts'
import { Peer } from './peer.ts'
import { type RequestHead, unreadable } from './request/request-head.ts'
import { type RequestEvents, RequestReader } from './request/request-reader.ts'
import { SendQueue } from './send-queue.ts'

/** Maximum number of bytes of further requests to read while one is being answered. */
const heldBytes = 64 * 1024
const stalled = new ClientLeft('the client did not read its answer for too long')
const hungUp = new ClientLeft('the client closed the connection')

export class Connection implements AnswerHost, RequestEvents {
  readonly sendQueue: SendQueue
  readonly peer: Peer
  readonly #host: ConnectionHost<Connection>
  readonly #socket: Socket<Connection>
  readonly #reader = new RequestReader()
  readonly #timeouts: ConnectionTimeouts
  /** The request being read or answered. */
  #exchange: Exchange | null = null
  #open = true
  readonly #ending: Ending
  #running = false
  #paused = false

  /** @param overSocket it came over the local socket */
  constructor(socket: Socket<Connection>, host: ConnectionHost<Connection>, overSocket: boolean) {
    this.#socket = socket
    this.#host = host
    this.#ending = new Ending(socket)
    this.#timeouts = new ConnectionTimeouts(host.limits, host.now)
    this.peer = new Peer(socket as Socket<Connection> & { fd: number }, overSocket)
    this.sendQueue = new SendQueue(socket)
    this.sendQueue.onRoom = () => this.#exchange?.answer.onRoom?.()
    this.sendQueue.onEmpty = () => this.#settle()
  }

  /** Whether it is waiting for a request, with nothing under way. */
  get idle(): boolean {
    return !this.busy && !this.#reader.inHead
  }

  /** When it became idle. */
  get since(): number {
    return this.#timeouts.since
  }

  /** Whether a request is not completely answered yet. */
  get busy(): boolean {
    return this.#exchange !== null || this.sendQueue.waiting > 0
  }

  // Events of the socket.

  received(bytes: Buffer): void {
    if (this.#ending.lingers) return
    const waited = this.#exchange === null && !this.#reader.inHead
    this.#reader.feed(bytes)
    this.#run()
    // Empty lines alone do not begin a request.
    if (waited && this.#reader.inHead) this.#timeouts.begin(this.#host.now)
    this.#timeouts.received(bytes.length)
  }

  /** The client closed its sending side: it may still be reading, or have left. */
  finished(): void {
    this.#ending.clientEnded = true
    const body = this.#exchange?.body
    if (body === undefined) {
      if (this.#reader.inHead && !this.#ending.lingers) {
        this.refuse(unreadable('The connection ended in the middle of the head of a request.'))
      }
      this.#settle()
    } else if (body.complete) {
      this.#host.halfClosed(this)
    } else {
      body.fail(unreadable('The connection ended before the body of the request was complete.'))
    }
  }

  closed(): void {
    if (!this.#open) return
    this.#open = false
    this.sendQueue.clear()
    this.#exchange?.request.left(hungUp)
    this.#exchange = null
    this.#host.closed(this)
  }

  drained(): void {
    this.sendQueue.drained()
  }

  // Events of the reader.

  head(head: RequestHead): void {
    this.#timeouts.begin(this.#host.now)
    this.#exchange = new Exchange(head, this, this.peer, () => this.#run())
  }

  data(piece: Buffer): void {
    this.#exchange?.body.add(piece)
  }

  end(): void {
    this.#exchange?.body.finish()
  }

  // Events of the answer.

  mayStayOpen(): boolean {
    return this.#exchange?.body.complete === true && !this.#host.stopping && !this.#ending.lingers
  }

  answered(stays: boolean): void {
    this.#exchange = null
    if (!this.#open) return
    this.#timeouts.begin(this.#host.now)
    if (stays) {
      this.#reader.next()
      this.#run()
    } else {
      this.#ending.lingers = true
    }
    this.#settle()
  }

  broken(shows: boolean): void {
    this.#ending.resets = !shows
    this.answered(false)
  }

  // Calls of the server.

  /** Checks the time limits: a client that takes too long is answered with 408, or cut off. */
  check(): void {
    // The system reports room only once a third of its buffer of megabytes is free. More is offered before that, so that the progress
    // of a slow reader is noticed.
    if (this.sendQueue.waiting > 0) this.sendQueue.drained()
    switch (this.#timeouts.verdict(this.#host.now, this.#waitsFor(), this.sendQueue)) {
      case 'stalled':
        this.cut(stalled)
        break
      case 'lingered':
        this.cut()
        break
      case 'idle':
        this.close()
        break
      case 'late head':
        this.refuse(unreadable('The head of the request did not arrive in time. Send it in one go.', 408))
        break
      case 'late body':
        this.#exchange?.body.fail(unreadable('The body of the request came too slowly. Send it in one go.', 408))
        break
      default:
    }
  }

  /** Closes it when it has no request. */
  close(): void {
    if (this.#open && this.idle) this.#socket.end()
  }

  /** Answers with `error` because the request cannot be read; this ends the connection. */
  refuse(error: Hal0Error): void {
    this.#ending.lingers = true
    this.#exchange = null
    this.#host.refuse(error, new ClientAnswer(this, { method: 'GET', minor: 1, keepsAlive: false }))
  }

  /** Answers with `error` if nothing of the answer was sent yet, and tells whoever was answering. */
  giveUp(error: Hal0Error): void {
    const exchange = this.#exchange
    if (exchange === null || exchange.answer.begun) return
    this.#host.refuse(error, exchange.answer, exchange.request)
    exchange.request.left(error)
  }

  /** Ends it at once, whatever is under way. */
  cut(why: ClientLeft = hungUp): void {
    if (!this.#open) return
    this.#exchange?.request.left(why)
    this.#socket.terminate()
    this.closed()
  }

  /** See Exchange.probe. */
  probe(): void {
    this.#exchange?.probe()
  }

  #waitsFor(): Wait {
    if (this.#ending.lingers) return 'the client to close'
    if (this.#exchange === null) return this.#reader.inHead ? 'a head' : 'a request'
    return this.#exchange.body.awaited ? 'a body' : 'an answer'
  }

  /** Reads as far as possible, and starts the requests that were read. */
  #run(): void {
    if (this.#running) return
    this.#running = true
    try {
      while (this.#reader.step(this) || this.#begin()) if (!this.#open || this.#ending.lingers) break
    } catch (error) {
      this.#unreadable(Hal0Error.from(error))
    }
    this.#running = false
    this.#slow()
  }

  /** @returns whether a request was started: its answer may already be complete, and the next one may follow */
  #begin(): boolean {
    const exchange = this.#exchange
    if (exchange === null || exchange.begun) return false
    exchange.begin((request, answer) => this.#host.answer(request, answer))
    if (this.#ending.clientEnded && this.#exchange !== null) this.#host.halfClosed(this)
    return true
  }

  /** The following bytes are unreadable: whoever reads the body gets the error; otherwise it is answered here. */
  #unreadable(error: Hal0Error): void {
    if (this.#exchange?.begun === true) this.#exchange.body.fail(error)
    else this.refuse(error)
  }

  /** Stops reading when nobody asks for data, and continues when somebody does. */
  #slow(): void {
    const full = !this.#ending.lingers && (this.#exchange?.body.full === true || this.#reader.held > heldBytes)
    if (!this.#open || full === this.#paused) return
    this.#paused = full
    if (full) this.#socket.pause()
    else this.#socket.resume()
  }

  /** Once everything is sent: closes the connection if it should be closed. */
  #settle(): void {
    if (!this.#open || this.busy) return
    if (this.#ending.lingers) this.#slow()
    if (this.#ending.settle()) this.cut()
  }
}
