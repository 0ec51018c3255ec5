/** Notices that nothing arrives. */
import type { Clock } from '../../../lib/clock.ts'

/** Thrown in place of what is waited for when the signal fires first. */
const aborted = Symbol('aborted')

/** Ends waiting when a signal fires, or when one wait takes longer than `limitMs`. */
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

  /** For what is waited for: it fires when there is no use in going on. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** What `work` resolves with; 'ended' once the signal fires, even if `work` does not heed it. @throws what `work` throws before that */
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
