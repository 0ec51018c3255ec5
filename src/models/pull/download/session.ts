/** Shared by the files of one download: the origin, how many connections it takes, and how many more failures are tolerated. */

import type { Clock } from '../../../lib/clock.ts'
import { Hal0Error } from '../../../lib/hal0-error.ts'
import type { Origin } from '../origin/origin.ts'
import { slowDown, startTuning, type Tuning, tune } from './connections.ts'
import { afterFailure, noFailures, type Retries } from './retry.ts'
import type { DownloadSettings } from './settings.ts'

export interface SessionPorts {
  origin: Origin
  clock: Clock
  /** 0 ≤ x < 1 */
  random: () => number
  settings: DownloadSettings
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
  /** Reused by later requests: new ones would be most of the memory of a pull. */
  readonly #buffers: Uint8Array[] = []
  #tuning: Tuning
  #retries: Retries

  constructor({ origin, clock, random, settings, signal, received }: SessionPorts) {
    this.origin = origin
    this.clock = clock
    this.settings = settings
    this.signal = signal
    this.#random = random
    this.#received = received
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

  /** Something arrived. @param busy whether all connections were in use @returns whether more connections should be opened */
  observe(busy: boolean): boolean {
    const now = this.clock.now()
    const before = this.#tuning.target
    this.#tuning = tune(this.#tuning, now, this.#received(), busy)
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
