/** The memory that the bodies of all requests may take together, from the first byte until each is sent to its backend. */
import { Hal0Error } from '../../lib/hal0-error.ts'

/** The Retry-After for clients: bodies are passed on to their backends in a fraction of that. */
const retryAfterS = 2

const mebibytes = (bytes: number): number => Math.round(bytes / 1024 / 1024)

/** What one body takes of the budget. */
export class BodyShare {
  readonly #budget: BodyBudget
  #bytes = 0
  /** The largest size so far. */
  largest = 0

  constructor(budget: BodyBudget) {
    this.#budget = budget
  }

  /** @param bytes size of the whole body, as far as it is known @throws Hal0Error `daemon.busy` */
  growTo(bytes: number): void {
    if (bytes <= this.#bytes) return
    this.#budget.take(bytes - this.#bytes)
    this.#bytes = bytes
    this.largest = bytes
  }

  /** Calling it again does nothing. */
  release(): void {
    this.#budget.give(this.#bytes)
    this.#bytes = 0
  }
}

export class BodyBudget {
  readonly #limit: number
  #used = 0

  /** @param limit bytes */
  constructor(limit: number) {
    this.#limit = limit
  }

  get used(): number {
    return this.#used
  }

  /** @throws Hal0Error `daemon.busy` */
  take(bytes: number): void {
    if (this.#used + bytes > this.#limit) {
      throw new Hal0Error(
        'daemon.busy',
        `The bodies of other requests fill the ${mebibytes(this.#limit)} MiB that hal0 has for them. Try again in ${retryAfterS} s, or raise body_memory_mb in hal0.toml.`,
        { details: { limit_bytes: this.#limit, used_bytes: this.#used }, retryAfterS },
      )
    }
    this.#used += bytes
  }

  give(bytes: number): void {
    this.#used -= bytes
  }
}
