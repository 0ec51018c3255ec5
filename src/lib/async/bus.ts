/** One-to-many events inside the daemon. A listener that throws is a bug: it is logged, and the other listeners still get the event. */
import { log } from '../log.ts'

export class Bus<T> {
  readonly #listeners = new Set<(event: T) => void>()

  /** @returns the function that ends the subscription */
  subscribe(listener: (event: T) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  publish(event: T): void {
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch (error) {
        log.error('a listener failed', error)
      }
    }
  }
}
