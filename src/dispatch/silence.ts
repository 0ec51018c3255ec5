/**
 * Notices backends that have gone silent. One coarse timer for all requests compares time stamps, so that a chunk costs one
 * assignment and not a timer.
 */

import { DenseSet, type Member } from '../lib/dense-set.ts'

/** Something that should move on. */
export interface Watched extends Member {
  /** When it last did, on the clock of `performance.now()`. */
  lastProgress: number
  /** Longest silence, milliseconds. */
  readonly timeoutMs: number
  silent(): void
  /** Nothing for a second or more; told again and again. */
  slow(): void
}

/** When something counts as slow, milliseconds. */
const slowMs = 1000
/** How late a silence may be noticed, milliseconds. */
const sweepMs = 250

export class SilenceWatch {
  readonly #watched = new DenseSet<Watched>()
  #timer: ReturnType<typeof setInterval> | null = null

  add(watched: Watched): void {
    this.#watched.add(watched)
    if (this.#timer !== null) return
    this.#timer = setInterval(() => this.#sweep(), sweepMs)
    this.#timer.unref()
  }

  remove(watched: Watched): void {
    this.#watched.delete(watched)
  }

  #sweep(): void {
    const now = performance.now()
    for (const watched of this.#watched.snapshot()) {
      const silence = now - watched.lastProgress
      if (silence > watched.timeoutMs) watched.silent()
      else if (silence > slowMs) watched.slow()
    }
    // Stopped here and not in `remove`: a timer per request is what this class avoids.
    if (this.#watched.size > 0 || this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
  }
}
