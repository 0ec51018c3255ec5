/** The figures of a download while it runs: at most 4 a second, and always a last one. */
import type { Pull } from '../../contract/models/pull.ts'
import type { Clock } from '../../lib/clock.ts'
import { type Estimate, observe, startEstimate, throughput, timeLeft } from './estimate.ts'

/** Three of them in a second leave room for the last one. */
const tickMs = 334

export type DownloadPhase = Extract<Pull['phase'], 'downloading' | 'verifying' | 'done' | 'failed' | 'cancelled'>

export interface DownloadProgress {
  phase: DownloadPhase
  /** The one that is worked on, by its path in the repository. */
  file: string | null
  /** Bytes of all files that are here, those of earlier downloads included; never fewer than before. */
  received: number
  total: number
  /** Bytes per second, smoothed; null before anything was observed. */
  throughputBps: number | null
  elapsedS: number
  /** null while nothing arrives. */
  etaS: number | null
  /** Bytes here of each file, by path. */
  files: ReadonlyMap<string, number>
}

/** A file with what is here of it already. */
export interface FileShare {
  path: string
  size: number
  received: number
}

export class ProgressReporter {
  readonly #clock: Clock
  readonly #report: (progress: DownloadProgress) => void
  readonly #files: FileShare[]
  readonly #startedAt: number
  readonly #total: number
  #estimate: Estimate
  #file: string | null = null
  #phase: DownloadPhase = 'downloading'
  #cancelTick: () => void

  /**
   * @param files copied
   * @param report gets the figures at each tick
   */
  constructor(clock: Clock, files: readonly FileShare[], report: (progress: DownloadProgress) => void) {
    this.#clock = clock
    this.#report = report
    this.#files = files.map((file) => ({ ...file }))
    this.#startedAt = clock.now()
    this.#total = files.reduce((sum, { size }) => sum + size, 0)
    this.#estimate = startEstimate(this.#startedAt, this.received())
    this.#cancelTick = clock.setTimer(tickMs, () => this.#tick())
  }

  /** Bytes of all files; never fewer than before. */
  received(): number {
    return this.#files.reduce((sum, { received }) => sum + received, 0)
  }

  /** So many bytes of a file are here. What a file that starts over loses is not counted back: it is only slower to grow. */
  onReceived(index: number, bytes: number): void {
    const file = this.#files[index]
    if (file === undefined || bytes <= file.received) return
    file.received = bytes
  }

  /** @param file the one that is worked on */
  enter(phase: DownloadPhase, file: string | null): void {
    this.#phase = phase
    this.#file = file
  }

  /** Reports a last time. */
  end(phase: DownloadPhase): void {
    this.#cancelTick()
    this.#phase = phase
    if (phase === 'done') this.#file = null
    this.#emit()
  }

  #tick(): void {
    this.#cancelTick = this.#clock.setTimer(tickMs, () => this.#tick())
    this.#emit()
  }

  #emit(): void {
    const now = this.#clock.now()
    const received = this.received()
    this.#estimate = observe(this.#estimate, now, received)
    this.#report({
      phase: this.#phase,
      file: this.#file,
      received,
      total: this.#total,
      throughputBps: throughput(this.#estimate),
      elapsedS: (now - this.#startedAt) / 1000,
      etaS: timeLeft(this.#estimate, received, this.#total),
      files: new Map(this.#files.map((file) => [file.path, file.received])),
    })
  }
}
