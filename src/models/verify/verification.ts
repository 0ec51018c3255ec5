/** One verification under way: everybody who asks for it meanwhile waits for the same one. */
import type { ModelEntry, ModelVerification, VerificationProgress } from '../../contract/models/model.ts'
import type { Clock } from '../../lib/clock.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { ProgressReporter } from '../progress/progress.ts'
import { verifyFiles } from './verify.ts'

export interface VerificationDeps {
  /** The models folder. */
  folder: string
  clock: Clock
  /** Told at most four times a second, and a last time. */
  report(progress: VerificationProgress): void
  /** Told once, after the last report. */
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

  /** Begins at once. What comes of it is told to those who `join`: one at least, in the same turn. */
  constructor(entry: ModelEntry, deps: VerificationDeps) {
    this.#entry = entry
    this.#deps = deps
    const { id, files } = entry
    this.#progress = {
      id,
      file: files[0]?.path ?? null,
      bytes_total: files.reduce((sum, { size }) => sum + size, 0),
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

  /** How far it was when that was last reported. */
  get progress(): VerificationProgress {
    return this.#progress
  }

  /**
   * Waits for its end.
   * @param client aborts when nobody waits for this answer any more; the last one to go ends the verification
   * @throws what `stop` was given
   */
  async join(client?: AbortSignal): Promise<ModelVerification> {
    this.#waiting += 1
    const leave = () => {
      this.#waiting -= 1
      if (this.#waiting > 0) return
      this.stop(
        new Hal0Error('model.verify_stopped', `Nobody waited for the verification of ${this.#entry.id} any more.`),
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

  /** Ends it now; everybody who waits gets `reason`. Nothing happens when it has ended. */
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
      // Nothing is left to stop where `stop` is what made it throw.
      this.stop(error)
    }
  }

  #end(phase: 'done' | 'cancelled'): void {
    this.#ended = true
    this.#reporter.end(phase)
    this.#deps.ended()
  }
}
