/** The connection to the backends on this machine: HTTP/1.1 with keep-alive connections. */
import { ConnectionPool } from './pool.ts'
import { PooledDelivery } from './pooled-delivery.ts'
import type { Delivery, Exchange, Outgoing, Upstream } from './upstream.ts'

export class Loopback implements Upstream {
  readonly #pool = new ConnectionPool()

  deliver(outgoing: Outgoing, exchange: Exchange): Delivery {
    return new PooledDelivery(this.#pool, outgoing, exchange)
  }
}
