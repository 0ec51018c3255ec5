/**
 * Watches requests in flight for clients that hang up and backends that fall silent. There is one coarse timer for all of them, so
 * that a request that is answered at once costs no timer and no AbortSignal (having one and listening to it is a tenth of the cost
 * of a relay), and a chunk costs one assignment.
 */

import { DenseSet, type Member } from '../../lib/dense-set.ts'
import type { Hal0Error } from '../../lib/hal0-error.ts'

/** A request in flight. */
export interface Watched extends Member {
  /** Time of its last progress, in terms of `performance.now()`. */
  lastProgress: number
  /** Longest silence, milliseconds. */
  readonly timeoutMs: number
  /** Called repeatedly while it is not answered at once: time to check that its client is still there, and to watch for it leaving. */
  lasting(): void
  /** There was no progress for longer than `timeoutMs`. */
  silent(): void
  /** It has to end now. */
  stop(error: Hal0Error): void
}

/** How late a hang-up may be noticed, milliseconds. */
const sweepMs = 25
/** A silence may be noticed ten times as late. */
const sweepsPerSilence = 10

export class FlightWatch {
  readonly #watched = new DenseSet<Watched>()
  #timer: ReturnType<typeof setInterval> | null = null
  #sweeps = 0

  add(watched: Watched): void {
    this.#watched.add(watched)
    if (this.#timer !== null) return
    this.#timer = setInterval(() => this.#sweep(), sweepMs)
    this.#timer.unref()
  }

  remove(watched: Watched): void {
    this.#watched.delete(watched)
  }

  /** Ends all of them. */
  stopAll(error: Hal0Error): void {
    for (const watched of this.#watched.snapshot()) watched.stop(error)
  }

  #sweep(): void {
    this.#sweeps++
    const listening = this.#sweeps % sweepsPerSilence === 0
    for (const watched of this.#watched.snapshot()) {
      watched.lasting()
      if (listening && watched.place >= 0) this.#hear(watched)
    }
    // Stopped here and not in `remove`: a timer per request is what this class avoids.
    if (this.#watched.size > 0 || this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
  }

  #hear(watched: Watched): void {
    if (performance.now() - watched.lastProgress > watched.timeoutMs) watched.silent()
  }
}
