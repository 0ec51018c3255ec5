/** Virtual time: nothing passes until a test says so. */
import type { WallClock } from '../../../src/lib/clock.ts'

interface Due {
  at: number
  order: number
  fire: () => void
}

/** Lets everything that is already settled run: promise callbacks, however deep. */
export const settle = async (rounds = 30): Promise<void> => {
  for (let i = 0; i < rounds; i++) await Promise.resolve()
}

export class SimulatedClock implements WallClock {
  #now = 0
  #skew = Date.UTC(2026, 0, 1)
  #order = 0
  #due: Due[] = []

  now(): number {
    return this.#now
  }

  wall(): number {
    return this.#now + this.#skew
  }

  /** Somebody sets the wall clock; monotonic time does not notice. */
  jump(ms: number): void {
    this.#skew += ms
  }

  setTimer(ms: number, fire: () => void): () => void {
    const due = { at: this.#now + Math.max(0, ms), order: this.#order++, fire }
    this.#due.push(due)
    return () => {
      this.#due = this.#due.filter((one) => one !== due)
    }
  }

  /** The daemon died: its timers with it. */
  forgetTimers(): void {
    this.#due = []
  }

  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await settle()
    for (;;) {
      const next = this.#due.reduce<Due | null>(
        (best, one) =>
          one.at <= end && (best === null || one.at < best.at || (one.at === best.at && one.order < best.order))
            ? one
            : best,
        null,
      )
      if (next === null) break
      this.#due = this.#due.filter((one) => one !== next)
      this.#now = Math.max(this.#now, next.at)
      next.fire()
      await settle()
    }
    this.#now = end
    await settle()
  }
}
