/** One verification under way, shared by everybody who asks for it in the meantime. */
import type { ModelEntry, ModelVerification, VerificationProgress } from '../../contract/models/model.ts'
import type { Clock } from '../../lib/clock.ts'
import { totalSize } from '../../lib/figures.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { ProgressReporter } from '../progress/progress.ts'
import { verifyFiles } from './verify.ts'

export interface VerificationDeps {
  /** The models folder. */
  folder: string
  clock: Clock
  /** Called at most four times a second, and a last time. */
  report(progress: VerificationProgress): void
  /** Called once, after the last report. */
  ended(): void
}

export class Verification {
  readonly #entry: ModelEntry
  readonly #deps: VerificationDeps
  readonly #reporter: ProgressReporter
  readonly #outcome = Promise.withResolvers<ModelVerification>()
  readonly #stop = new AbortController()
  #progress: VerificationProgress
  /** Clients that wait for the answer. */
  #waiting = 0
  #ended = false

  /** Starts at once. Its outcome goes to those who `join`; at least one must do so in the same turn of the event loop. */
  constructor(entry: ModelEntry, deps: VerificationDeps) {
    this.#entry = entry
    this.#deps = deps
    const { id, files } = entry
    this.#progress = {
      id,
      file: files[0]?.path ?? null,
      bytes_total: totalSize(files),
      bytes_done: 0,
      throughput_bps: null,
      eta_s: null,
    }
    const shares = files.map(({ path, size }) => ({ path, size, received: 0 }))
    this.#reporter = new ProgressReporter(deps.clock, shares, ({ file, received, throughputBps, etaS }) => {
      this.#progress = {
        ...this.#progress,
        file,
        bytes_done: received,
        throughput_bps: throughputBps,
        eta_s: etaS,
      }
      deps.report(this.#progress)
    })
    void this.#run()
  }

  /** The progress as last reported. */
  get progress(): VerificationProgress {
    return this.#progress
  }

  /**
   * Waits for the end of the verification.
   * @param client aborts when nobody waits for this answer any more; when the last client leaves, the verification stops
   * @throws the reason given to `stop`
   */
  async join(client?: AbortSignal): Promise<ModelVerification> {
    this.#waiting += 1
    const leave = () => {
      this.#waiting -= 1
      if (this.#waiting > 0) return
      this.stop(
        new Hal0Error('model.verify_stopped', `Nobody was waiting any more for the verification of ${this.#entry.id}.`),
      )
    }
    if (client?.aborted === true) leave()
    client?.addEventListener('abort', leave, { once: true })
    try {
      return await this.#outcome.promise
    } finally {
      client?.removeEventListener('abort', leave)
    }
  }

  /** Stops it now; everybody who waits gets `reason`. Does nothing if it has ended. */
  stop(reason: unknown): void {
    if (this.#ended) return
    this.#stop.abort()
    this.#end('cancelled')
    this.#outcome.reject(reason)
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    const { id, files } = this.#entry
    try {
      const verdict = await verifyFiles(this.#deps.folder, files, {
        signal: this.#stop.signal,
        onDone: (index, bytes) => {
          this.#reporter.enter('verifying', files[index]?.path ?? null)
          this.#reporter.onReceived(index, bytes)
        },
      })
      if (this.#ended) return
      this.#end('done')
      this.#outcome.resolve({ id, ...verdict })
    } catch (error) {
      // Does nothing if it threw because of `stop`.
      this.stop(error)
    }
  }

  #end(phase: 'done' | 'cancelled'): void {
    this.#ended = true
    this.#reporter.end(phase)
    this.#deps.ended()
  }
}
