/** One keep-alive connection to a backend, with at most one request on it at a time. */
import type { Socket, SocketHandler } from 'bun'
import { systemClock } from '../../lib/clock.ts'
import type { BodyPieces } from '../body/body-pieces.ts'
import { ReadGate } from './read-gate.ts'
import { ResponseParser } from './response-parser.ts'
import type { Exchange } from './upstream.ts'

/** Requests up to this size are written together with their head. */
export const oneWriteBytes = 64 * 1024

const handlers: SocketHandler<Connection, 'buffer'> = {
  data(socket, bytes) {
    socket.data.received(bytes)
  },
  drain(socket) {
    socket.data.drained()
  },
  close(socket, error) {
    socket.data.closed(error)
  },
  error(socket, error) {
    socket.data.closed(error)
  },
}

export class Connection {
  readonly origin: string
  /** Called once, when it can no longer be used. */
  onClose: (connection: Connection) => void = () => {}
  #socket: Socket<Connection> | null = null
  #exchange: Exchange | null = null
  readonly #parser = new ResponseParser()
  #unsent: Uint8Array[] = []
  /** A large body is being sent. */
  #isLarge = false
  #answered = false
  readonly #gate = new ReadGate(
    { pause: () => this.#socket?.pause(), resume: () => this.#socket?.resume() },
    systemClock,
  )

  private constructor(origin: string) {
    this.origin = origin
  }

  /** @throws what the system says, e.g. ECONNREFUSED */
  static async open(origin: string): Promise<Connection> {
    const { hostname, port } = new URL(origin)
    const connection = new Connection(origin)
    const socket = await Bun.connect<Connection>({ hostname, port: Number(port), data: connection, socket: handlers })
    // An idle connection must not keep the process alive; during a request, the server does that.
    socket.unref()
    connection.#socket = socket
    return connection
  }

  /** Nothing of an answer to the current request has arrived yet. */
  get unanswered(): boolean {
    return !this.#answered
  }

  /** It can carry another request. */
  get usable(): boolean {
    return this.#socket !== null && this.#exchange === null
  }

  /** @param head request line and headers in latin1, including the empty line */
  send(head: string, body: BodyPieces, exchange: Exchange): void {
    this.#exchange = exchange
    this.#answered = false
    this.#parser.next()
    if (body.bytes <= oneWriteBytes) {
      const whole = Buffer.allocUnsafe(head.length + body.bytes)
      let at = whole.write(head, 'latin1')
      for (const piece of body.list()) {
        whole.set(piece, at)
        at += piece.length
      }
      this.#unsent = [whole]
    } else {
      this.#unsent = [Buffer.from(head, 'latin1'), ...body.take()]
      this.#isLarge = true
    }
    this.drained()
  }

  /** A piece of the answer was passed on. @param room whether the client takes more: if not, the backend is slowed to what it takes */
  passedOn(bytes: number, at: number, room: boolean): void {
    if (room) this.#gate.passed(bytes, at)
    else this.#gate.full()
  }

  /** The client takes more again. */
  resume(): void {
    this.#gate.room()
  }

  /** Closes at once: the backend sees a hang-up. The exchange hears nothing more. */
  destroy(): void {
    this.#exchange = null
    this.#drop()
  }

  drained(): void {
    if (this.#unsent.length === 0) return
    const socket = this.#socket
    for (let part = this.#unsent[0]; part !== undefined; part = this.#unsent[0]) {
      const written = socket === null ? -1 : socket.write(part)
      if (written < 0) {
        this.#fail(new Error('the connection was closed'))
        return
      }
      if (written > 0) this.#exchange?.progress()
      if (written < part.length) {
        this.#unsent[0] = part.subarray(written)
        return
      }
      this.#unsent.shift()
    }
    if (!this.#isLarge) return
    this.#isLarge = false
    this.#exchange?.sent()
  }

  received(bytes: Buffer): void {
    const exchange = this.#exchange
    if (exchange === null) {
      // Unexpected bytes: what follows could not be distinguished from the next answer.
      this.#drop()
      return
    }
    this.#answered = true
    exchange.progress()
    try {
      this.#parser.feed(bytes, exchange)
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)))
      return
    }
    if (this.#parser.done) this.#release()
    exchange.settled()
  }

  closed(error: Error | undefined): void {
    const exchange = this.#exchange
    if (this.#socket === null) return
    if (exchange !== null && error === undefined && this.#parser.close(exchange)) {
      this.#release()
      exchange.settled()
    } else {
      this.#fail(error ?? new Error('the backend closed the connection'))
    }
  }

  /** The answer is complete: free for the next request, or closed when it cannot carry one. */
  #release(): void {
    this.#exchange = null
    if (!this.#parser.reusable || this.#unsent.length > 0) this.#drop()
    else this.#gate.reset()
  }

  #fail(cause: Error): void {
    const exchange = this.#exchange
    this.#exchange = null
    this.#drop()
    exchange?.failed(cause)
  }

  #drop(): void {
    const socket = this.#socket
    if (socket === null) return
    this.#socket = null
    this.#unsent = []
    socket.terminate()
    this.onClose(this)
  }
}
