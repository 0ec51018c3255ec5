/** Reports the progress of a download: at most 4 times a second, and always a last time. */
import type { Pull } from '../../contract/models/pull.ts'
import type { Clock } from '../../lib/clock.ts'
import { totalSize } from '../../lib/figures.ts'
import { type Estimate, observe, startEstimate, throughput, timeLeft } from './estimate.ts'

/** Three ticks a second leave room for the last report. */
const tickMs = 334

export type DownloadPhase = Extract<Pull['phase'], 'downloading' | 'verifying' | 'done' | 'failed' | 'cancelled'>

export interface DownloadProgress {
  phase: DownloadPhase
  /** The current file, by its path in the repository. */
  file: string | null
  /** Bytes of all files on the disk, including those of earlier downloads; never decreases. */
  received: number
  total: number
  /** Bytes per second, smoothed; null before the first observation. */
  throughputBps: number | null
  elapsedS: number
  /** Seconds left; null while nothing arrives. */
  etaS: number | null
  /** Bytes on the disk of each file, by path. */
  files: ReadonlyMap<string, number>
}

/** A file, and how much of it is already on the disk. */
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
   * @param files copied, so later changes have no effect
   * @param report called with the figures at each tick
   */
  constructor(clock: Clock, files: readonly FileShare[], report: (progress: DownloadProgress) => void) {
    this.#clock = clock
    this.#report = report
    this.#files = files.map((file) => ({ ...file }))
    this.#startedAt = clock.now()
    this.#total = totalSize(files)
    this.#estimate = startEstimate(this.#startedAt, this.received())
    this.#cancelTick = clock.setTimer(tickMs, () => this.#tick())
  }

  /** Bytes of all files; never decreases. */
  received(): number {
    return this.#files.reduce((sum, { received }) => sum + received, 0)
  }

  /** Sets how many bytes of a file are on the disk. If a file starts over, the total does not go back; it just grows more slowly. */
  onReceived(index: number, bytes: number): void {
    const file = this.#files[index]
    if (file === undefined || bytes <= file.received) return
    file.received = bytes
  }

  /** @param file the current one */
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
