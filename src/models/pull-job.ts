/** One pull: resolve → download and verify → register. Its state is what the API shows. */
import { join } from 'node:path'
import type { ModelEntry } from '../contract/model.ts'
import type { Pull, PullRequest } from '../contract/pull.ts'
import { isUnderWay } from '../contract/pull-phase.ts'
import type { Clock } from '../lib/clock.ts'
import { Hal0Error } from '../lib/hal0-error.ts'
import { log } from '../lib/log.ts'
import type { HubClient } from './hub/hub-client.ts'
import type { RemoteFile } from './pull/origin.ts'
import type { DownloadProgress } from './pull/progress.ts'
import type { DownloadSettings } from './pull/settings.ts'
import { discard } from './pull/staging.ts'
import { stagingFolder } from './pull-leftovers.ts'
import { type PullPlan, planPull } from './pull-plan.ts'
import { forgetRequest, rememberRequest } from './pull-request-file.ts'
import type { Downloader } from './pull-thread/download-in-thread.ts'
import type { ReceivedFile } from './registration.ts'
import type { ModelRegistry } from './registry.ts'

export interface PullJobDeps {
  /** models/ */
  folder: string
  hub: HubClient
  /** Whether the hub is asked with a token now. */
  hasToken: () => Promise<boolean>
  registry: Pick<ModelRegistry, 'register'>
  download: Downloader
  clock: Clock
  /** Of downloads; what is left out is as usual. */
  settings?: Partial<DownloadSettings>
}

export class PullJob {
  readonly request: PullRequest
  readonly #id: string
  readonly #deps: PullJobDeps
  readonly #publish: (pull: Pull) => void
  readonly #stop = new AbortController()
  readonly #began: number
  #pull: Pull
  #discard = false
  #suspended = false
  #running: Promise<void> | null = null

  constructor(id: string, request: PullRequest, deps: PullJobDeps, publish: (pull: Pull) => void) {
    this.#id = id
    this.request = request
    this.#deps = deps
    this.#publish = publish
    this.#began = deps.clock.now()
    this.#pull = {
      id,
      repo: request.repo,
      revision: null,
      files: [],
      bytes_total: null,
      bytes_received: 0,
      throughput_bps: null,
      elapsed_s: 0,
      eta_s: null,
      file: null,
      phase: 'resolving',
      error: null,
    }
  }

  /** Waiting for its turn, or at work. */
  get active(): boolean {
    return isUnderWay(this.#pull)
  }

  snapshot(): Pull {
    return this.#pull
  }

  /** The model was in the registry already. */
  isHere(entry: ModelEntry): void {
    const files = entry.files.map(({ path, size }, index) => ({
      path: entry.source?.files[index] ?? path,
      size,
      received: size,
    }))
    const bytes = files.reduce((sum, { size }) => sum + size, 0)
    this.#change({
      phase: 'done',
      revision: entry.source?.revision ?? null,
      files,
      bytes_total: bytes,
      bytes_received: bytes,
    })
  }

  /** Never rejects: how it ends is its phase. */
  run(): Promise<void> {
    this.#running = this.#run()
    return this.#running
  }

  /** @param discard also removes what was received */
  async cancel(discard: boolean): Promise<void> {
    this.#discard = discard
    this.#stop.abort(new Hal0Error('pull.cancelled', `The pull of ${this.#id} was cancelled.`))
    await this.#running
    if (this.active) await this.#cancelled()
    // It had ended before.
    else if (discard) await this.#clear()
  }

  /** As cancel, for the end of the daemon: the next one goes on. */
  async suspend(): Promise<void> {
    this.#suspended = true
    this.#stop.abort(new Hal0Error('pull.cancelled', 'hal0 is stopping.'))
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    try {
      signal.throwIfAborted()
      await rememberRequest(this.#deps.folder, this.#id, this.request)
      const plan = await this.#resolve()
      const files = plan.projector === null ? plan.model : [...plan.model, plan.projector]
      await this.#register(plan, await this.#download(files))
      await this.#clear()
      this.#change({ phase: 'done', file: null, throughput_bps: null, eta_s: null })
    } catch (error) {
      if (signal.aborted) await this.#cancelled()
      else await this.#failed(error)
    }
  }

  async #resolve(): Promise<PullPlan> {
    const { repo, revision } = this.request
    const repository = await this.#deps.hub.repository(repo, revision ?? 'main', this.#stop.signal)
    const plan = planPull(repository, this.request, await this.#deps.hasToken())
    const files = plan.projector === null ? plan.model : [...plan.model, plan.projector]
    this.#change({
      phase: 'downloading',
      repo: repository.repo,
      revision: repository.commit,
      files: files.map(({ path, size }) => ({ path, size, received: 0 })),
      bytes_total: files.reduce((sum, { size }) => sum + size, 0),
    })
    return plan
  }

  /** @returns the files where they lie, by their path in the repository */
  async #download(files: RemoteFile[]): Promise<Map<string, { from: string; sha256: string }>> {
    const { download, settings = {} } = this.#deps
    const { repo, revision } = this.#pull
    const folder = this.#staging
    const done = await download(
      { folder, repo, commit: revision ?? '', files },
      { signal: this.#stop.signal, settings, onProgress: (progress) => this.#progress(progress) },
    )
    return new Map(done.map(({ path, name, sha256 }) => [path, { from: join(folder, name), sha256 }]))
  }

  async #register({ model, projector }: PullPlan, here: Map<string, { from: string; sha256: string }>): Promise<void> {
    const { repo, revision } = this.#pull
    const received = ({ path, size }: RemoteFile): ReceivedFile => {
      const { from = '', sha256 = '' } = here.get(path) ?? {}
      return { path, size, sha256, from }
    }
    await this.#deps.registry.register({
      id: this.#id,
      source: { repo, revision: revision ?? '' },
      files: model.map(received),
      mmproj: projector === null ? null : received(projector),
      over: null,
    })
  }

  /** How it ended is not the download's to say: what follows is the registration, or the failure's sentence. */
  #progress({ phase, file, received, throughputBps, etaS, files }: DownloadProgress): void {
    this.#change({
      phase: phase === 'downloading' ? phase : 'verifying',
      file,
      bytes_received: received,
      throughput_bps: throughputBps,
      eta_s: etaS,
      files: this.#pull.files.map((one) => ({ ...one, received: files.get(one.path) ?? one.received })),
    })
  }

  async #cancelled(): Promise<void> {
    if (this.#suspended) return
    await (this.#discard ? this.#clear() : forgetRequest(this.#deps.folder, this.#id)).catch((error) => {
      log.warn(`could not tidy up after the pull of ${this.#id}`, error)
    })
    this.#change({ phase: 'cancelled', throughput_bps: null, eta_s: null })
  }

  async #failed(error: unknown): Promise<void> {
    const failure = Hal0Error.from(error)
    if (failure.code === 'internal') log.error(`the pull of ${this.#id} failed`, failure.cause ?? failure)
    await forgetRequest(this.#deps.folder, this.#id).catch((again) =>
      log.warn(`could not tidy up after the pull of ${this.#id}`, again),
    )
    this.#change({ phase: 'failed', error: failure.body(), throughput_bps: null, eta_s: null })
  }

  get #staging(): string {
    return stagingFolder(this.#deps.folder, this.#id)
  }

  async #clear(): Promise<void> {
    await discard(this.#staging)
    await forgetRequest(this.#deps.folder, this.#id)
  }

  #change(changes: Partial<Pull>): void {
    const elapsed = Math.round(this.#deps.clock.now() - this.#began) / 1000
    this.#pull = { ...this.#pull, ...changes, elapsed_s: elapsed }
    this.#publish(this.#pull)
  }
}
