/**
 * Clients that closed their sending side while their answer is under way. This can mean two things: "my request is complete, answer
 * me" (shutdown, e.g. by `nc -N`) or "I have left" (close, which nearly every client does when it gives up), and a model must not
 * keep working for nobody. A streamed answer needs no watch: if the client has left, its system resets the connection at the next
 * token. Before the first byte:
 * - A client on this machine is looked up in the kernel's table of connections, which shows which of the two it is.
 * - A remote client is sent `100 Continue`, which every HTTP/1.1 client skips; if it has left, its system answers with a reset.
 */
import { isClientThere, readTcpTables } from '../../system/proc/tcp-peers.ts'

/** A watched connection. */
export interface HalfClosed {
  readonly peer: { address: string; port: number; localAddress: string; localPort: number }
  /** Its answer is not complete yet. */
  readonly busy: boolean
  /** Sends something that provokes a reset if the client has left. */
  probe(): void
  /** The client has left: ends the connection. */
  cut(): void
}

/** A close is visible within microseconds, but reading the table takes a millisecond or more. */
const lookMs = 100
const probeMs = 1000

const isHere = ({ address, localAddress }: HalfClosed['peer']): boolean =>
  address === localAddress || address === '::1' || /^(::ffff:)?127\./i.test(address)

export class HalfClosedWatch {
  readonly #read: () => Promise<string[]>
  readonly #here = new Set<HalfClosed>()
  readonly #elsewhere = new Set<HalfClosed>()
  #timer: ReturnType<typeof setTimeout> | null = null
  #closed = false
  #probedAt = 0

  constructor(read: () => Promise<string[]> = readTcpTables) {
    this.#read = read
  }

  add(client: HalfClosed): void {
    if (isHere(client.peer)) this.#here.add(client)
    else this.#elsewhere.add(client)
    this.#lookLater()
  }

  close(): void {
    this.#closed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  #cutWhoIsGone(tables: string[]): void {
    for (const client of this.#here) {
      const { port, localPort } = client.peer
      // A socket that has closed meanwhile has no port any more.
      if (!Number.isInteger(port)) continue
      if (client.busy && !isClientThere(tables, { client: port, server: localPort })) client.cut()
    }
  }

  #lookLater(): void {
    if (this.#timer !== null || this.#closed || this.#here.size + this.#elsewhere.size === 0) return
    this.#timer = setTimeout(() => void this.#look(), lookMs)
    this.#timer.unref()
  }

  async #look(): Promise<void> {
    for (const watched of [this.#here, this.#elsewhere]) {
      for (const client of watched) if (!client.busy) watched.delete(client)
    }
    if (this.#here.size > 0) {
      // If it cannot be read now, e.g. without a free descriptor, it is read the next time.
      const tables = await this.#read().catch(() => null)
      if (tables !== null) this.#cutWhoIsGone(tables)
    }
    if (performance.now() - this.#probedAt >= probeMs) {
      this.#probedAt = performance.now()
      for (const client of this.#elsewhere) client.probe()
    }
    this.#timer = null
    this.#lookLater()
  }
}
