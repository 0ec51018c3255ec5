/**
 * Clients that closed their sending side while their answer is under way. The same bytes mean two things: "I have said all, answer me"
 * (shutdown, e.g. of `nc -N`) and "I am gone" (close, what nearly every client does when it gives up), and a model must not go on for
 * nobody. An answer that is being streamed needs no watch: the system of a client that is gone resets the connection at the next
 * token. Before the first byte:
 * - A client on this machine is looked up in the kernel's table of connections, which tells the one from the other.
 * - One elsewhere is sent `100 Continue`, which any client of HTTP/1.1 skips and the system of one that is gone answers by a reset.
 */
import { isClientThere, readTcpTables } from '../../system/proc/tcp-peers.ts'

/** What is watched. */
export interface HalfClosed {
  readonly peer: { address: string; port: number; localAddress: string; localPort: number }
  /** Its answer is not at its end. */
  readonly busy: boolean
  /** Sends what makes the system of a client that is gone answer with a reset. */
  probe(): void
  /** The client is gone. */
  cut(): void
}

/** A client that closes shows as gone within microseconds; the table costs a millisecond or more to read. */
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
      // What cannot be read now, e.g. without a free descriptor, is read at the next look.
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
