/** The outgoing bytes of one connection: written at once as far as the system takes them, the rest in a bounded queue. */

/** The destination of the bytes. */
export interface Sink {
  /** @returns number of bytes taken; -1: it is closed */
  write(bytes: Uint8Array): number
}

/** Number of queued bytes above which the writer is told to wait. */
const roomBytes = 128 * 1024

export class SendQueue {
  readonly #sink: Sink
  #queue: Uint8Array[] = []
  #size = 0
  /** The writer was told that there is no room. */
  #full = false
  /** Called when there is room again, and when everything is sent. */
  onRoom: () => void = () => {}
  onEmpty: () => void = () => {}
  /** Counts how often the system took bytes from the queue: as long as it grows, somebody is reading. */
  moves = 0

  constructor(sink: Sink) {
    this.#sink = sink
  }

  /** Number of queued bytes. */
  get waiting(): number {
    return this.#size
  }

  /** @returns whether there is room for more */
  write(bytes: Uint8Array): boolean {
    let rest = bytes
    if (this.#size === 0) {
      const written = this.#sink.write(bytes)
      if (written < 0 || written >= bytes.length) return true
      rest = bytes.subarray(written)
    }
    this.#queue.push(rest)
    this.#size += rest.length
    if (this.#size > roomBytes) this.#full = true
    return !this.#full
  }

  /** The system takes more. */
  drained(): void {
    let sent = 0
    for (let first = this.#queue[sent]; first !== undefined; first = this.#queue[sent]) {
      const written = this.#sink.write(first)
      if (written > 0) {
        this.#size -= written
        this.moves++
      }
      if (written < first.length) {
        if (written > 0) this.#queue[sent] = first.subarray(written)
        break
      }
      sent++
    }
    this.#queue.splice(0, sent)
    if (this.#full && this.#size <= roomBytes / 2) {
      this.#full = false
      this.onRoom()
    }
    if (this.#size === 0) this.onEmpty()
  }

  /** Drops the queue, since nobody will read it. */
  clear(): void {
    this.#queue = []
    this.#size = 0
  }
}
