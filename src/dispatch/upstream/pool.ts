/** The idle connections to the backends, so that a request need not open one. */
import { Connection } from './connection.ts'

/** Connections kept per backend; many backends close idle connections after some seconds. */
const maxIdle = 64

export class ConnectionPool {
  readonly #idle = new Map<string, Connection[]>()

  /** The connection that was used last, since the backend is least likely to close it right now; null: none. */
  take(origin: string): Connection | null {
    return this.#idle.get(origin)?.pop() ?? null
  }

  /** @throws what the system says, e.g. ECONNREFUSED */
  async open(origin: string): Promise<Connection> {
    const connection = await Connection.open(origin)
    connection.onClose = (closed) => this.#forget(closed)
    return connection
  }

  /** Takes back a connection whose answer is complete. */
  give(connection: Connection): void {
    if (!connection.usable) return
    const idle = this.#idle.get(connection.origin)
    if (idle === undefined) this.#idle.set(connection.origin, [connection])
    else if (idle.length < maxIdle) idle.push(connection)
    else connection.destroy()
  }

  #forget(connection: Connection): void {
    const idle = this.#idle.get(connection.origin)
    if (idle === undefined) return
    const at = idle.indexOf(connection)
    if (at >= 0) idle.splice(at, 1)
    if (idle.length === 0) this.#idle.delete(connection.origin)
  }
}
