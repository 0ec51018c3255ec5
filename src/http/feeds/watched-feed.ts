/** Values that nobody announces: they are looked at once a second while somebody listens, and sent when they have changed. */
import type { Clock } from '../../lib/clock.ts'
import type { FeedReader } from './feed-reader.ts'
import type { Frame } from './sse.ts'

const intervalMs = 1000

export class WatchedFeed {
  readonly #look: () => ReadonlyMap<string, Frame>
  readonly #clock: Clock
  readonly #readers = new Set<FeedReader>()
  #last: ReadonlyMap<string, Frame> = new Map()
  #cancelTimer: (() => void) | null = null

  /** @param look the present values by what they are about */
  constructor(look: () => ReadonlyMap<string, Frame>, clock: Clock) {
    this.#look = look
    this.#clock = clock
  }

  /** Sends every value as it is now, and then each that changes. @returns the function that ends it */
  follow(reader: FeedReader): () => void {
    // The others get what has changed as well, so that all of them know the same.
    this.#tell()
    for (const frame of this.#last.values()) reader.send(frame)
    this.#readers.add(reader)
    this.#schedule()
    return () => {
      this.#readers.delete(reader)
      if (this.#readers.size > 0) return
      this.#cancelTimer?.()
      this.#cancelTimer = null
    }
  }

  #schedule(): void {
    this.#cancelTimer ??= this.#clock.setTimer(intervalMs, () => {
      this.#cancelTimer = null
      this.#tell()
      this.#schedule()
    })
  }

  #tell(): void {
    const now = this.#look()
    for (const [key, frame] of now) {
      if (frame.data === this.#last.get(key)?.data) continue
      for (const reader of this.#readers) reader.send(frame)
    }
    this.#last = now
  }
}
