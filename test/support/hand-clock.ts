import type { Clock } from '../../src/lib/clock.ts'

/** A clock that a test advances by hand; due timers fire in order. */
export class HandClock implements Clock {
  #now = 0
  readonly #timers = new Set<{ at: number; fire: () => void }>()

  now(): number {
    return this.#now
  }

  setTimer(ms: number, fire: () => void): () => void {
    const timer = { at: this.#now + ms, fire }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Timers that have not fired. */
  get waiting(): number {
    return this.#timers.size
  }

  advance(ms: number): void {
    const until = this.#now + ms
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)
      if (next === undefined) break
      this.#timers.delete(next)
      this.#now = next.at
      next.fire()
    }
    this.#now = until
  }
}
