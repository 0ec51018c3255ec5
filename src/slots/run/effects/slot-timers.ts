/** The timers that a slot's decisions set, at most one for each name. */
import type { Clock } from '../../../lib/clock.ts'
import type { Timer } from '../../machine/machine.ts'

export class SlotTimers {
  readonly #clock: Clock
  readonly #fired: (timer: Timer) => void
  readonly #cancels = new Map<Timer, () => void>()

  constructor(clock: Clock, fired: (timer: Timer) => void) {
    this.#clock = clock
    this.#fired = fired
  }

  /** Replaces an earlier one with that name. */
  set(timer: Timer, ms: number): void {
    this.clear(timer)
    const cancel = this.#clock.setTimer(ms, () => {
      this.#cancels.delete(timer)
      this.#fired(timer)
    })
    this.#cancels.set(timer, cancel)
  }

  clear(timer: Timer): void {
    this.#cancels.get(timer)?.()
    this.#cancels.delete(timer)
  }

  close(): void {
    for (const cancel of this.#cancels.values()) cancel()
    this.#cancels.clear()
  }
}
