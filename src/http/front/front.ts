/**
 * The front: takes the HTTP connections of clients.
 *
 * Why not Bun.serve: in Bun 1.4.5 it answers a CRLF after a body, a pipelined request, trailers and a client that half-closes with
 * a bare 400 or not at all, buffers what nobody reads, re-encodes headers that are not ASCII, and cannot answer while it stops. Over
 * sockets of its own hal0 decides all of that, and a relayed request costs no Request and no Response (npm run bench).
 */
import type { Socket, TCPSocketListener } from 'bun'
import { Hal0Error } from '../../lib/hal0-error.ts'
import type { Answer, IncomingRequest } from '../../lib/http/incoming.ts'
import { Connection, type ConnectionHost } from './connection.ts'
import { HalfClosedWatch } from './half-closed.ts'
import { defaultFrontLimits, type FrontLimits } from './limits.ts'

export interface FrontOptions {
  host: string
  /** 0: any free one. */
  port: number
  /** Answers one request. Never throws. */
  answer(request: IncomingRequest, answer: Answer): void
  /** Answers what could not be read, or may not be. Never throws. */
  refuse(error: Hal0Error, answer: Answer): void
  limits?: Partial<FrontLimits>
  /** Connections at one time. */
  maxConnections?: number
}

/** Seconds after which a client may try again that met a daemon in its end, or one without a place for it. */
const stoppingRetryS = 5
const busyRetryS = 2
/** How long it is told that connections were refused. */
const refusedForMs = 60_000

const handlers = {
  data(socket: Socket<Connection>, bytes: Buffer): void {
    socket.data.received(bytes)
  },
  drain(socket: Socket<Connection>): void {
    socket.data.drained()
  },
  end(socket: Socket<Connection>): void {
    socket.data.finished()
  },
  close(socket: Socket<Connection>): void {
    socket.data?.closed()
  },
  error(socket: Socket<Connection>): void {
    socket.data?.closed()
  },
}

export class Front implements ConnectionHost {
  readonly limits: FrontLimits
  now = performance.now()
  stopping = false
  readonly #options: FrontOptions
  readonly #connections = new Set<Connection>()
  readonly #halfClosed: HalfClosedWatch
  readonly #maxConnections: number
  readonly #sweeper: ReturnType<typeof setInterval>
  readonly #listener: TCPSocketListener<Connection>
  #refusedAt = Number.NEGATIVE_INFINITY

  /** @throws what the system says, e.g. EADDRINUSE */
  constructor(options: FrontOptions) {
    this.#options = options
    this.limits = { ...defaultFrontLimits, ...options.limits }
    this.#maxConnections = options.maxConnections ?? Number.POSITIVE_INFINITY
    this.#halfClosed = new HalfClosedWatch()
    this.#listener = Bun.listen<Connection>({
      hostname: options.host,
      port: options.port,
      // A client that has sent all it has to say may close its side and still read.
      allowHalfOpen: true,
      socket: { ...handlers, open: (socket) => this.#opened(socket) },
    })
    this.#sweeper = setInterval(() => this.#sweep(), this.limits.sweepMs)
    this.#sweeper.unref()
  }

  get port(): number {
    return this.#listener.port
  }

  /** Requests that are not answered to their end. */
  get inFlight(): number {
    let count = 0
    for (const connection of this.#connections) if (connection.busy) count++
    return count
  }

  get connections(): number {
    return this.#connections.size
  }

  /** Connections were refused a short time ago: there are as many as there may be. */
  get refusing(): boolean {
    return performance.now() - this.#refusedAt < refusedForMs
  }

  answer(request: IncomingRequest, answer: Answer): void {
    if (this.stopping) this.#options.refuse(daemonStopping(), answer)
    else this.#options.answer(request, answer)
  }

  refuse(error: Hal0Error, answer: Answer): void {
    this.#options.refuse(error, answer)
  }

  halfClosed(connection: Connection): void {
    this.#halfClosed.add(connection)
  }

  closed(connection: Connection): void {
    this.#connections.delete(connection)
  }

  /**
   * From now on every request is answered 503; those under way go on.
   * @returns once none is left, or after `ms`
   */
  async drain(ms: number): Promise<void> {
    this.stopping = true
    const until = performance.now() + ms
    while (this.inFlight > 0 && performance.now() < until) await Bun.sleep(drainLookMs)
  }

  /** Ends everything at once. */
  close(): void {
    clearInterval(this.#sweeper)
    this.#halfClosed.close()
    this.#listener.stop(true)
    for (const connection of [...this.#connections]) connection.cut()
  }

  #opened(socket: Socket<Connection>): void {
    this.now = performance.now()
    const connection = new Connection(socket, this)
    socket.data = connection
    this.#connections.add(connection)
    if (this.#connections.size <= this.#maxConnections || this.#dropIdle(connection)) return
    this.#refusedAt = this.now
    connection.refuse(daemonBusy(this.#maxConnections))
  }

  /** Makes room for a new connection: the one that has been idle for the longest goes. @returns whether there was one */
  #dropIdle(besides: Connection): boolean {
    let oldest: Connection | null = null
    for (const each of this.#connections) {
      if (each !== besides && each.idle && (oldest === null || each.since < oldest.since)) oldest = each
    }
    oldest?.close()
    return oldest !== null
  }

  #sweep(): void {
    this.now = performance.now()
    for (const connection of [...this.#connections]) connection.check()
  }
}

const drainLookMs = 20

const daemonStopping = (): Hal0Error =>
  new Hal0Error('daemon.stopping', 'hal0 is stopping. If it is being restarted, try again in a few seconds.', {
    retryAfterS: stoppingRetryS,
  })

const daemonBusy = (connections: number): Hal0Error =>
  new Hal0Error(
    'daemon.busy',
    `hal0 has ${connections} connections, the most that its limit of open files allows. Try again.`,
    {
      retryAfterS: busyRetryS,
      details: { connections },
    },
  )
