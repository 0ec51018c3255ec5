/** Reaches the backends on this machine: HTTP/1.1 over connections that are kept for the next request. */
import { type Connection, oneWriteBytes } from './connection.ts'
import { ConnectionPool } from './pool.ts'
import type { Delivery, Exchange, Outgoing, Upstream } from './upstream.ts'

/** A backend may close an idle connection at the moment of its reuse. A request that breaks later may already have been processed. */
const resendWithinMs = 100

/** Sends one request over an idle connection, or else over a new one. */
class PooledDelivery implements Delivery {
  readonly #pool: ConnectionPool
  readonly #outgoing: Outgoing
  readonly #exchange: Exchange
  #connection: Connection | null = null
  /** When it was sent on a reused connection, in terms of `performance.now()`; null: it was not. */
  #reusedAt: number | null = null
  #over = false

  constructor(pool: ConnectionPool, outgoing: Outgoing, exchange: Exchange) {
    this.#pool = pool
    this.#outgoing = outgoing
    this.#exchange = exchange
  }

  begin(): void {
    const { origin, body } = this.#outgoing
    // A large body is freed while it is sent, and so can be sent only once: never on a connection that may turn out to be closed.
    const idle = body.bytes > oneWriteBytes ? null : this.#pool.take(origin)
    if (idle === null) {
      this.#sendOnNew()
    } else {
      this.#reusedAt = performance.now()
      this.#send(idle)
    }
  }

  again(): boolean {
    const at = this.#reusedAt
    this.#reusedAt = null
    if (at === null || performance.now() - at > resendWithinMs || this.#connection?.unanswered !== true) return false
    this.#sendOnNew()
    return true
  }

  passedOn(bytes: number, at: number, room: boolean): void {
    this.#connection?.passedOn(bytes, at, room)
  }

  resume(): void {
    this.#connection?.resume()
  }

  cancel(): void {
    this.#connection?.destroy()
  }

  end(): void {
    this.#over = true
    if (this.#connection !== null) this.#pool.give(this.#connection)
  }

  #sendOnNew(): void {
    this.#pool.open(this.#outgoing.origin).then(
      (connection) => {
        if (this.#over) this.#pool.give(connection)
        else this.#send(connection)
      },
      (error) => this.#exchange.failed(error),
    )
  }

  #send(connection: Connection): void {
    this.#connection = connection
    connection.send(this.#outgoing.head, this.#outgoing.body, this.#exchange)
  }
}

export class Loopback implements Upstream {
  readonly #pool = new ConnectionPool()

  deliver(outgoing: Outgoing, exchange: Exchange): Delivery {
    return new PooledDelivery(this.#pool, outgoing, exchange)
  }
}
