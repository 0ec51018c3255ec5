/**
 * Decides when a connection is read. It is not read while the client is behind. If small pieces follow each other faster than anybody
 * could read them, it is read once a millisecond: taking a burst of tokens together costs half the CPU time of taking each by itself
 * (npm run bench). Slower pieces do not wait.
 */
import type { Clock } from '../../lib/clock.ts'

/** What can stop and start reading, e.g. a socket. */
interface Readable {
  pause(): void
  resume(): void
}

/** Pieces closer together than this are a burst, milliseconds. */
const burstMs = 2
/** How long the pieces of a burst are collected, milliseconds. */
const restMs = 1
/** A piece of this size is not a token: such an answer is read as fast as it arrives, bytes. */
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

  /** A piece was passed on, and more will come. @param at time of the clock */
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

  /** Resets the gate for the next answer. */
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
