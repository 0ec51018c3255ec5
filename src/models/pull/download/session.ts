/** What the files of one download share: the origin, how many connections it bears, and how much patience is left with it. */

import { type Clock, sleep, turn } from '../../../lib/clock.ts'
import { Hal0Error } from '../../../lib/hal0-error.ts'
import { slowDown, startTuning, type Tuning, tune } from '../origin/connections.ts'
import type { Origin } from '../origin/origin.ts'
import type { Throttle } from '../origin/throttle.ts'
import { afterFailure, noFailures, type Retries } from './retry.ts'
import type { DownloadSettings } from './settings.ts'

export interface SessionPorts {
  origin: Origin
  clock: Clock
  /** 0 ≤ x < 1 */
  random: () => number
  settings: DownloadSettings
  /** null: no limit. */
  throttle: Throttle | null
  /** Cancels the download. */
  signal: AbortSignal
  /** Received bytes of all files; never decreases. */
  received: () => number
}

/** Bytes that a connection collects before they are written. */
const bufferBytes = 256 * 1024

/** The error of a cancelled download. */
export const cancelled = (): Hal0Error =>
  new Hal0Error('pull.cancelled', 'The pull was cancelled. Pull again to continue: what is here is kept.')

export class DownloadSession {
  readonly origin: Origin
  readonly clock: Clock
  readonly settings: DownloadSettings
  readonly signal: AbortSignal
  readonly #random: () => number
  readonly #received: () => number
  readonly #throttle: Throttle | null
  /** Reused by later requests: new ones would be most of the memory of a pull. */
  readonly #buffers: Uint8Array[] = []
  #tuning: Tuning
  #retries: Retries

  constructor({ origin, clock, random, settings, throttle, signal, received }: SessionPorts) {
    this.origin = origin
    this.clock = clock
    this.settings = settings
    this.signal = signal
    this.#random = random
    this.#received = received
    this.#throttle = throttle
    this.#tuning = startTuning(clock.now(), settings.maxConnections)
    this.#retries = { ...noFailures, received: received() }
  }

  get tuning(): Tuning {
    return this.#tuning
  }

  takeBuffer(): Uint8Array {
    return this.#buffers.pop() ?? new Uint8Array(bufferBytes)
  }

  /** Takes a buffer back, to which nothing may refer any more. */
  giveBuffer(buffer: Uint8Array): void {
    this.#buffers.push(buffer)
  }

  /** @param bytes that a connection received @returns ms for which it should stop receiving */
  pause(bytes: number): number {
    return this.#throttle?.pause(this.clock.now(), bytes) ?? 0
  }

  /** After `bytes` were hashed: lets other work run, and rests for a while if requests are being answered. */
  rest(bytes: number): Promise<void> {
    const ms = this.#throttle?.rest(this.clock.now(), bytes) ?? 0
    return ms === 0 ? turn() : sleep(this.clock, ms)
  }

  /** Something arrived. @param busy whether all connections were in use @returns whether more connections should be opened */
  observe(busy: boolean): boolean {
    const now = this.clock.now()
    const before = this.#tuning.target
    const heldBack = this.#throttle?.holdsBack(now) ?? false
    this.#tuning = tune(this.#tuning, now, this.#received(), busy && !heldBack)
    return this.#tuning.target > before
  }

  /** A request failed. @returns ms to wait before the next one; null: give up */
  failed(error: Hal0Error, startedAt: number): number | null {
    const now = this.clock.now()
    const retryAfterMs = error.retryAfterS === null ? null : error.retryAfterS * 1000
    if (error.code === 'pull.rate_limited') this.#tuning = slowDown(this.#tuning, now)
    const failure = { now, startedAt, received: this.#received(), retryAfterMs }
    const { state, delayMs } = afterFailure(this.#retries, failure, this.#random(), this.settings)
    this.#retries = state
    return delayMs
  }
}
