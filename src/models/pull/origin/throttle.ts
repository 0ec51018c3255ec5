/**
 * Slows a pull down while requests are answered. A line of hundreds of megabytes a second keeps a small machine busy, even in the
 * kernel, where priorities do not help: the API's slowest answers took three times as long (npm run bench:pull).
 */

/** For this long after a request, more are expected. */
const servingMs = 250
/** How much may arrive at once after a pause, in ms of the allowed rate: bytes arrive in lumps, and timers fire late. */
const burstMs = 10
/** The allowed rate for each processor: with two of them, a line of 1 Gbit/s is not slowed down. */
const bytesPerMs = 60_000
/** The shortest delay of a timer; a shorter pause is added to the next one. */
const shortestMs = 1

const worthwhile = (ms: number): number => (ms < shortestMs ? 0 : ms)

export class Throttle {
  readonly #requests: () => number
  readonly #bytesPerMs: number
  #seen: number
  #servedAt = Number.NEGATIVE_INFINITY
  /** The time until which the allowed rate is already used up, ms. */
  #paidUntil = Number.NEGATIVE_INFINITY

  /** @param requests returns a number that changes with each request of the API */
  constructor(requests: () => number, processors: number) {
    this.#requests = requests
    this.#bytesPerMs = bytesPerMs * processors
    this.#seen = requests()
  }

  /** Bytes arrived at `now`, ms. @returns ms to wait before more of them are taken; 0 while no request is answered */
  pause(now: number, bytes: number): number {
    if (!this.#serving(now)) return 0
    this.#paidUntil = Math.max(this.#paidUntil, now - burstMs) + bytes / this.#bytesPerMs
    return worthwhile(this.#paidUntil - now)
  }

  /** Whether data is held back at `now`, so that the rate does not show what the line can deliver. */
  holdsBack(now: number): boolean {
    return now <= this.#paidUntil
  }

  /** Bytes were hashed at `now`, ms. @returns ms to rest before the next ones, like `pause`, but at twice the rate, to catch up */
  rest(now: number, bytes: number): number {
    return this.#serving(now) ? worthwhile(bytes / (2 * this.#bytesPerMs)) : 0
  }

  #serving(now: number): boolean {
    const requests = this.#requests()
    if (requests !== this.#seen) {
      this.#seen = requests
      this.#servedAt = now
    }
    return now - this.#servedAt <= servingMs
  }
}
