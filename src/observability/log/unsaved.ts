/** Decisions that are not in the database yet: a bounded queue, oldest first. */
import type { Decision } from '../../contract/logs/decision.ts'

/** How many at once go when it is full: removing them one by one would cost each new one a copy of the queue. */
const droppedAtOnce = 500

export class UnsavedDecisions {
  readonly #limit: number
  #rows: Decision[] = []
  /** How many of the first are being written. */
  #inFlight = 0
  /** How many of the first have ids. */
  #numbered = 0
  #dropped = 0

  /** @param limit how many are held */
  constructor(limit: number) {
    this.#limit = limit
  }

  get length(): number {
    return this.#rows.length
  }

  get inFlight(): number {
    return this.#inFlight
  }

  /** How many were dropped since the daemon began, because they came faster than the disk takes them. */
  get dropped(): number {
    return this.#dropped
  }

  push(decision: Decision): void {
    if (this.#rows.length >= this.#limit) this.#drop()
    this.#rows.push(decision)
  }

  /** Gives ids to those that have none. @returns the next one */
  number(first: number): number {
    let next = first
    for (; this.#numbered < this.#rows.length; this.#numbered++) {
      const row = this.#rows[this.#numbered]
      if (row !== undefined) row.id = next++
    }
    return next
  }

  /** The first ones that have ids are being written from now on. */
  take(most: number): readonly Decision[] {
    const taken = this.#rows.slice(0, Math.min(most, this.#numbered))
    this.#inFlight = taken.length
    return taken
  }

  /** What was being written has been written, or not. @returns it */
  settle(written: boolean): readonly Decision[] {
    const count = this.#inFlight
    this.#inFlight = 0
    if (!written) return this.#rows.slice(0, count)
    this.#numbered -= count
    return this.#rows.splice(0, count)
  }

  /** Those that have ids, newest first. */
  newestFirst(): Decision[] {
    return this.#rows.slice(0, this.#numbered).reverse()
  }

  #drop(): void {
    // Those that are being written stay: their number is known to the one who writes them.
    const gone = this.#rows.splice(this.#inFlight, droppedAtOnce).length
    this.#dropped += gone
    this.#numbered = Math.max(this.#inFlight, this.#numbered - gone)
  }
}
