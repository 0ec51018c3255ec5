/**
 * The front: the HTTP server for clients.
 *
 * Why not Bun.serve: in Bun 1.4.5 it answers a CRLF after a body, a pipelined request, trailers and a client that half-closes with a
 * bare 400 or not at all, buffers what nobody reads, re-encodes non-ASCII headers, and cannot answer while it stops. With its own
 * sockets hal0 controls all of that, and a relayed request needs no Request and no Response (npm run bench).
 */
import type { Socket, TCPSocketListener, UnixSocketListener } from 'bun'
import { Hal0Error } from '../../lib/hal0-error.ts'
import type { Answer, IncomingRequest } from '../../lib/http/incoming.ts'
import type { SocketPlace } from '../../system/listen-advice.ts'
import { daemonStopping } from '../answers/stopping.ts'
import { Connection } from './connection.ts'
import type { ConnectionHost } from './connection-host.ts'
import { ClientLeft } from './exchange.ts'
import { HalfClosedWatch } from './half-closed.ts'
import { defaultFrontLimits, type FrontLimits } from './limits.ts'
import { type LocalSocket, noSocket, openLocalSocket } from './local-socket.ts'

export interface FrontOptions {
  host: string
  /** 0: any free one. */
  port: number
  /** Answers one request. Never throws. */
  answer(request: IncomingRequest, answer: Answer): void
  /** Answers requests that could not or may not be read. Never throws. @param request absent: it could not be read */
  refuse(error: Hal0Error, answer: Answer, request?: IncomingRequest): void
  limits?: Partial<FrontLimits>
  /** Maximum number of simultaneous connections. */
  maxConnections?: number
}

/** Retry-After for clients that got no place, seconds. */
const busyRetryS = 2
/** A connection younger than this is about to send its request, milliseconds. */
const freshMs = 250
/** Maximum number of connections that are being refused at the same time. */
const refusedAtOnce = 8
/** For how long the problem is shown after there was no room for everybody. */
const crowdedForMs = 60_000

const keyRevoked = new ClientLeft('its key was revoked')

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
  /** Connections that got no place. */
  readonly #refused = new Set<Connection>()
  readonly #halfClosed: HalfClosedWatch
  readonly #maxConnections: number
  readonly #sweeper: ReturnType<typeof setInterval>
  readonly #listener: TCPSocketListener<Connection>
  /** The local socket at which it listens, too. */
  local: LocalSocket = noSocket
  #localListener: UnixSocketListener<Connection> | null = null
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
      // A client may close its sending side after its request and still read.
      allowHalfOpen: true,
      socket: { ...handlers, open: (socket) => this.#opened(socket, false) },
    })
    this.#sweeper = setInterval(() => this.#sweep(), this.limits.sweepMs)
    this.#sweeper.unref()
  }

  get port(): number {
    return this.#listener.port
  }

  /** Listens at the local socket, too. Never rejects: without it `problem` says why. */
  async listenLocally(place: SocketPlace): Promise<void> {
    this.local = await openLocalSocket((path) => this.#bindLocal(path), place)
  }

  #bindLocal(path: string): void {
    this.#localListener = Bun.listen<Connection>({
      unix: path,
      allowHalfOpen: true,
      socket: { ...handlers, open: (socket) => this.#opened(socket, true) },
    })
  }

  /** Number of requests that are not completely answered yet. */
  get inFlight(): number {
    let count = 0
    for (const connection of this.#connections) if (connection.busy) count++
    return count
  }

  /** A sentence if there recently was no room for everybody, or there is no local socket; null if all is well. */
  problem(): string | null {
    if (performance.now() - this.#crowdedAt > crowdedForMs) return this.local.problem
    return `hal0 had as many connections as its limit of open files allows (${this.#maxConnections}): idle ones were closed, and new ones refused. Raise the limit (LimitNOFILE= of its unit, or ulimit -n) and restart it.`
  }

  answer(request: IncomingRequest, answer: Answer): void {
    if (this.stopping) this.#options.refuse(daemonStopping(), answer, request)
    else this.#options.answer(request, answer)
  }

  refuse(error: Hal0Error, answer: Answer, request?: IncomingRequest): void {
    this.#options.refuse(error, answer, request)
  }

  halfClosed(connection: Connection): void {
    this.#halfClosed.add(connection)
  }

  closed(connection: Connection): void {
    this.#connections.delete(connection)
    this.#refused.delete(connection)
  }

  /** Ends all requests under way that came by this key. */
  cutHeldBy(key: string): void {
    for (const connection of [...this.#connections]) {
      if (connection.busy && connection.peer.holder === key) connection.cut(keyRevoked)
    }
  }

  /** From now on every new request gets 503; those under way continue. */
  stop(): void {
    this.stopping = true
  }

  /** Resolves once no request is under way and everything is written, or after `ms`. */
  async settled(ms: number): Promise<void> {
    const until = performance.now() + ms
    while (this.inFlight > 0 && performance.now() < until) await Bun.sleep(settleLookMs)
  }

  /** Answers with 503 all requests of which no answer has begun. */
  endRequests(): void {
    for (const connection of [...this.#connections]) connection.giveUp(daemonStopping())
  }

  /** Ends everything at once. */
  close(): void {
    clearInterval(this.#sweeper)
    this.#halfClosed.close()
    this.#listener.stop(true)
    this.#localListener?.stop(true)
    this.local.remove()
    for (const connection of [...this.#connections]) connection.cut()
  }

  #opened(socket: Socket<Connection>, overSocket: boolean): void {
    this.now = performance.now()
    const connection = new Connection(socket, this, overSocket)
    socket.data = connection
    this.#connections.add(connection)
    if (this.#connections.size - this.#refused.size <= this.#maxConnections) return
    this.#crowdedAt = this.now
    if (!this.#dropIdle()) this.#refuse(connection)
  }

  /** Refuses a connection. Only a few are refused at a time, since they need descriptors as well. */
  #refuse(connection: Connection): void {
    const [oldest] = this.#refused
    if (this.#refused.size >= refusedAtOnce) oldest?.close()
    this.#refused.add(connection)
    connection.refuse(daemonBusy(this.#maxConnections))
  }

  /** Makes room for a new connection by closing the one that has been idle for the longest. @returns whether there was one */
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

/** How often to check whether requests are still under way, milliseconds. */
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
