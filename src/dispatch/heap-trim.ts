/**
 * Frees memory when traffic has ended. JavaScriptCore collects garbage when it allocates, so a daemon without requests would keep the
 * garbage of the last burst; on a home server that memory is needed for models.
 */

/** Fewer requests than this leave too little behind to bother. */
const worthwhileRequests = 1000
/** The same for bodies with fewer bytes. */
const worthwhileBytes = 16 * 1024 * 1024
/** Quiet time before a collection, which takes about 10 ms. */
const defaultQuietMs = 2000

interface Options {
  quietMs?: number
  collect?: () => void
}

export class HeapTrim {
  readonly #quietMs: number
  readonly #collect: () => void
  #inFlight = 0
  #sinceTrim = 0
  #bytes = 0
  #timer: ReturnType<typeof setTimeout> | null = null

  constructor({ quietMs = defaultQuietMs, collect = () => Bun.gc(true) }: Options = {}) {
    this.#quietMs = quietMs
    this.#collect = collect
  }

  began(): void {
    this.#inFlight++
    this.#sinceTrim++
  }

  /** @param bytes of the request's body */
  ended(bytes: number): void {
    this.#inFlight--
    this.#bytes += bytes
    if (this.#timer !== null) return
    if (this.#sinceTrim >= worthwhileRequests || this.#bytes >= worthwhileBytes) this.#wait()
  }

  #wait(): void {
    const seen = this.#sinceTrim
    this.#timer = setTimeout(() => {
      this.#timer = null
      if (this.#inFlight === 0 && this.#sinceTrim === seen) this.#trim()
      else this.#wait()
    }, this.#quietMs)
    this.#timer.unref()
  }

  #trim(): void {
    this.#sinceTrim = 0
    this.#bytes = 0
    this.#collect()
  }
}
