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
import { daemonStopping } from '../answers/stopping.ts'
import { Connection } from './connection.ts'
import type { ConnectionHost } from './connection-host.ts'
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

/** Seconds after which a client may try again for which there was no place. */
const busyRetryS = 2
/** A connection this young is about to bring its request, milliseconds. */
const freshMs = 250
/** Connections that are told so at one time. */
const refusedAtOnce = 8
/** How long it is told that there was no room for everybody. */
const crowdedForMs = 60_000

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

export class Front implements ConnectionHost<Connection> {
  readonly limits: FrontLimits
  now = performance.now()
  stopping = false
  readonly #options: FrontOptions
  readonly #connections = new Set<Connection>()
  /** Those of them for which there was no place. */
  readonly #refused = new Set<Connection>()
  readonly #halfClosed: HalfClosedWatch
  readonly #maxConnections: number
  readonly #sweeper: ReturnType<typeof setInterval>
  readonly #listener: TCPSocketListener<Connection>
  #crowdedAt = Number.NEGATIVE_INFINITY

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

  /** That there was no room for everybody a short time ago, as a sentence; null: there was. */
  problem(): string | null {
    if (performance.now() - this.#crowdedAt > crowdedForMs) return null
    return `hal0 had as many connections as its limit of open files allows (${this.#maxConnections}): idle ones were closed, and new ones refused. Raise the limit (LimitNOFILE= of its unit, or ulimit -n) and restart it.`
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
    this.#refused.delete(connection)
  }

  /** From now on every request is answered 503; those under way go on. */
  stop(): void {
    this.stopping = true
  }

  /** @returns once no request is under way and everything is written, or after `ms` */
  async settled(ms: number): Promise<void> {
    const until = performance.now() + ms
    while (this.inFlight > 0 && performance.now() < until) await Bun.sleep(settleLookMs)
  }

  /** Answers 503 wherever nothing of an answer was sent yet. */
  endRequests(): void {
    for (const connection of [...this.#connections]) connection.giveUp(daemonStopping())
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
    if (this.#connections.size - this.#refused.size <= this.#maxConnections) return
    this.#crowdedAt = this.now
    if (!this.#dropIdle()) this.#refuse(connection)
  }

  /** Those that are told so are few at a time: they take descriptors as well. */
  #refuse(connection: Connection): void {
    const [oldest] = this.#refused
    if (this.#refused.size >= refusedAtOnce) oldest?.close()
    this.#refused.add(connection)
    connection.refuse(daemonBusy(this.#maxConnections))
  }

  /** Makes room for a new connection: the one that has been idle for the longest goes. @returns whether there was one */
  #dropIdle(): boolean {
    let oldest: Connection | null = null
    for (const each of this.#connections) {
      if (!each.idle || this.now - each.since < freshMs || this.#refused.has(each)) continue
      if (oldest === null || each.since < oldest.since) oldest = each
    }
    oldest?.close()
    return oldest !== null
  }

  #sweep(): void {
    this.now = performance.now()
    for (const connection of [...this.#connections]) connection.check()
  }
}

/** How often it is looked whether requests are still under way. */
const settleLookMs = 20

const daemonBusy = (connections: number): Hal0Error =>
  new Hal0Error(
    'daemon.busy',
    `hal0 has ${connections} connections, the most that its limit of open files allows. Try again.`,
    {
      retryAfterS: busyRetryS,
      details: { connections },
    },
  )
