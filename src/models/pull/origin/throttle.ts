/**
 * Slows a pull down while requests are answered. A line that brings hundreds of megabytes a second keeps a small machine busy, in
 * the kernel too, where no priority helps: the API's slowest answers took three times as long (npm run bench:pull).
 */

/** After a request others are expected for this long. */
const servingMs = 250
/** What may come at once after a rest, ms of the rate: bytes arrive in lumps, and timers fire late. */
const burstMs = 10
/** Received meanwhile for each processor: with two of them, a line of 1 Gbit/s loses nothing. */
const bytesPerMs = 60_000
/** What a timer takes anyway; a pause that would be shorter is made up for by the next one. */
const shortestMs = 1

const worthwhile = (ms: number): number => (ms < shortestMs ? 0 : ms)

export class Throttle {
  readonly #requests: () => number
  readonly #bytesPerMs: number
  #seen: number
  #servedAt = Number.NEGATIVE_INFINITY
  /** What came so far is what the rate allows until then, ms. */
  #paidUntil = Number.NEGATIVE_INFINITY

  /** @param requests a number that is another one after each request of the API */
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

  /** Whether what arrives is held back at `now`, so that it does not tell what the line could bring. */
  holdsBack(now: number): boolean {
    return now <= this.#paidUntil
  }

  /** Bytes were hashed at `now`, ms. @returns ms to rest before the next ones, as `pause`: twice as fast, to catch up with what came */
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
