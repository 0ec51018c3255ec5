/**
 * When a connection is read. Not while the client is behind; and where small pieces follow each other faster than anybody
 * reads them, once a millisecond: to take a burst of tokens together costs half the processor time of taking each by itself
 * (npm run bench), and pieces that come more slowly do not wait.
 */
import type { Clock } from '../../lib/clock.ts'

/** What can stop and start reading, e.g. a socket. */
interface Readable {
  pause(): void
  resume(): void
}

/** Pieces that come sooner after each other are a burst, milliseconds. */
const burstMs = 2
/** How long what comes in a burst is collected, milliseconds. */
const restMs = 1
/** A piece of this size is no token: such an answer is read as fast as it comes, bytes. */
const largeBytes = 16 * 1024

export class ReadGate {
  readonly #readable: Readable
  readonly #clock: Clock
  #lastAt = Number.NEGATIVE_INFINITY
  #full = false
  #cancelRest: (() => void) | null = null
  #closed = false

  constructor(readable: Readable, clock: Clock) {
    this.#readable = readable
    this.#clock = clock
  }

  /** A piece was passed on, and more are to come. @param at on the clock's time */
  passed(bytes: number, at: number): void {
    const burst = at - this.#lastAt < burstMs && bytes < largeBytes
    this.#lastAt = at
    if (!burst || this.#cancelRest !== null) return
    this.#cancelRest = this.#clock.setTimer(restMs, this.#rested)
    this.#apply()
  }

  /** The client takes no more for now. */
  full(): void {
    this.#full = true
    this.#apply()
  }

  /** The client takes more. */
  room(): void {
    this.#full = false
    this.#apply()
  }

  /** For the next answer: it is read whatever held up this one. */
  reset(): void {
    this.#lastAt = Number.NEGATIVE_INFINITY
    this.#full = false
    this.#cancelRest?.()
    this.#cancelRest = null
    this.#apply()
  }

  readonly #rested = (): void => {
    this.#cancelRest = null
    this.#apply()
  }

  #apply(): void {
    const closed = this.#full || this.#cancelRest !== null
    if (closed === this.#closed) return
    this.#closed = closed
    if (closed) this.#readable.pause()
    else this.#readable.resume()
  }
}
