/** Detects that nothing arrives any more. */
import type { Clock } from '../../../lib/clock.ts'

/** Thrown if the signal fires before the awaited work is done. */
const aborted = Symbol('aborted')

/** Ends a wait when a signal fires, or when one wait takes longer than `limitMs`. */
export class StallWatch {
  readonly #controller = new AbortController()
  readonly #clock: Clock
  readonly #limitMs: number
  readonly #unlink: () => void
  stalled = false

  constructor(clock: Clock, limitMs: number, outer: AbortSignal) {
    this.#clock = clock
    this.#limitMs = limitMs
    const end = () => this.#controller.abort()
    if (outer.aborted) end()
    outer.addEventListener('abort', end, { once: true })
    this.#unlink = () => outer.removeEventListener('abort', end)
  }

  /** A signal for the awaited work: it fires when the work should stop. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** The result of `work`; 'ended' once the signal fires, even if `work` ignores it. @throws what `work` throws before that */
  async wait<T>(work: Promise<T>): Promise<T | 'ended'> {
    const cancel = this.#clock.setTimer(this.#limitMs, () => {
      this.stalled = true
      this.#controller.abort()
    })
    const { promise, resolve } = Promise.withResolvers<typeof aborted>()
    const fired = () => resolve(aborted)
    if (this.signal.aborted) fired()
    this.signal.addEventListener('abort', fired, { once: true })
    try {
      const first = await Promise.race([work, promise])
      return first === aborted ? 'ended' : first
    } catch (error) {
      if (this.signal.aborted) return 'ended'
      throw error
    } finally {
      this.signal.removeEventListener('abort', fired)
      cancel()
    }
  }

  /** Ends what is still under way. */
  close(): void {
    this.#unlink()
    this.#controller.abort()
  }
}
