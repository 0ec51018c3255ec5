/** Checks the time limits of one connection. Pure: the time is an argument. */
import type { FrontLimits } from './limits.ts'

export type Wait = 'a request' | 'a head' | 'a body' | 'an answer' | 'the client to close'
export type Verdict = 'idle' | 'late head' | 'late body' | 'stalled' | 'lingered'

/** The state of the outgoing queue. */
interface Writing {
  /** Number of queued bytes. */
  readonly waiting: number
  /** Grows whenever the client's system has taken some of them. */
  readonly moves: number
}

export class ConnectionTimeouts {
  readonly #limits: FrontLimits
  #since: number
  #bytes = 0
  #moves = 0
  #movedAt: number

  /** @param now milliseconds, like every other time here */
  constructor(limits: FrontLimits, now: number) {
    this.#limits = limits
    this.#since = now
    this.#movedAt = now
  }

  /** When the current wait began. */
  get since(): number {
    return this.#since
  }

  /** Another wait begins. */
  begin(now: number): void {
    this.#since = now
    this.#bytes = 0
  }

  received(bytes: number): void {
    this.#bytes += bytes
  }

  /** Has to be called regularly. @returns which limit was exceeded; null: none */
  verdict(now: number, wait: Wait, writing: Writing): Verdict | null {
    if (writing.waiting > 0 && writing.moves === this.#moves) {
      return now - this.#movedAt > this.#limits.writeMs ? 'stalled' : null
    }
    this.#moves = writing.moves
    this.#movedAt = now
    if (writing.waiting > 0) return null
    const waited = now - this.#since
    const { idleMs, headMs, bodyMs, bodyBytes, lingerMs } = this.#limits
    switch (wait) {
      case 'a request':
        return waited > idleMs ? 'idle' : null
      case 'a head':
        return waited > headMs ? 'late head' : null
      case 'the client to close':
        return waited > lingerMs ? 'lingered' : null
      case 'an answer':
        // While nobody asks for more of the body, its time does not count.
        this.begin(now)
        return null
      case 'a body':
        if (waited <= bodyMs) return null
        if (this.#bytes < bodyBytes) return 'late body'
        this.begin(now)
        return null
    }
  }
}
