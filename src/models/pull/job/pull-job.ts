/** One pull: resolve → download and verify → register. Its state is what the API shows. */
import type { ModelEntry } from '../../../contract/models/model.ts'
import type { Pull, PullRequest } from '../../../contract/models/pull.ts'
import { isUnderWay } from '../../../contract/models/pull-phase.ts'
import { isPackagePull } from '../../../contract/models/pull-place.ts'
import type { Clock } from '../../../lib/clock.ts'
import { Hal0Error } from '../../../lib/hal0-error.ts'
import { log } from '../../../lib/log.ts'
import type { HubClient, HubRepository } from '../../hub/client/hub-client.ts'
import type { ModelRegistry } from '../../registry/registry.ts'
import { packageRepository } from '../package/package-repository.ts'
import { askForPull } from '../record/pinned.ts'
import type { PinnedPull } from '../record/record.ts'
import type { PullRecords } from '../record/records.ts'
import { discard as discardStaging } from '../staging/staging.ts'
import { type BringDeps, bringFiles } from './bring-files.ts'
import { judgeForPull } from './just-this.ts'
import { stagingFolder } from './pull-leftovers.ts'
import { fetchedOf, type PullPlan, planPull, registrationOf } from './pull-plan.ts'
import { pullAskedFor, pullPlanned, pullThatIsHere } from './pull-state.ts'
import { askOrLookHere } from './repository-here.ts'

export interface PullJobDeps extends BringDeps {
  hub: Pick<HubClient, 'repository'>
  /** Whether the hub is asked with a token now. */
  hasToken: () => Promise<boolean>
  registry: Pick<ModelRegistry, 'get' | 'list' | 'lost' | 'filePaths' | 'register'>
  /** Records where a pulled model came from. Never rejects. */
  remember: (id: string, request: PullRequest) => Promise<void>
  records: Pick<PullRecords, 'change' | 'forget'>
  clock: Clock
}

/** The request, and its place in the queue. */
export interface PullOrder {
  id: string
  place: number
  request: PullRequest
  /** What an earlier daemon found at the hub, to be continued; null: ask the hub. */
  pinned: PinnedPull | null
}

export class PullJob {
  readonly request: PullRequest
  readonly place: number
  readonly id: string
  /** Resolves once the pull survives a restart; if it rejects, there is no pull. */
  accepted: Promise<void> = Promise.resolve()
  readonly #pinned: PinnedPull | null
  readonly #deps: PullJobDeps
  readonly #publish: (pull: Pull) => void
  readonly #stop = new AbortController()
  readonly #began: number
  /** What the id named at the time of the request: this may be replaced. */
  readonly #before: ModelEntry | null
  #pull: Pull
  #discard = false
  #suspended = false
  #running: Promise<void> | null = null
  #cancelling: Promise<void> | null = null

  constructor({ id, place, request, pinned }: PullOrder, deps: PullJobDeps, publish: (pull: Pull) => void) {
    this.id = id
    this.place = place
    this.request = request
    this.#pinned = pinned
    this.#deps = deps
    this.#publish = publish
    this.#began = deps.clock.now()
    this.#before = deps.registry.get(id)
    this.#pull = pullAskedFor(id, request)
  }

  /** Waiting for its turn, or at work. */
  get active(): boolean {
    return isUnderWay(this.#pull)
  }

  /** Resolves at the end of a cancellation under way; null: there is none. */
  get cancelling(): Promise<void> | null {
    return this.active ? this.#cancelling : null
  }

  snapshot(): Pull {
    return this.#pull
  }

  /** @param position in the queue, from 1; null: it no longer waits */
  moveTo(position: number | null): void {
    if (position !== this.#pull.position) this.#change({ position })
  }

  /** It was accepted. */
  announce(): void {
    this.#publish(this.#pull)
  }

  /** Ends a pull that is not running. */
  fail(error: unknown): Promise<void> {
    return this.#failed(error)
  }

  /** The model was already in the registry. */
  isHere(entry: ModelEntry): void {
    this.#change(pullThatIsHere(entry))
  }

  /** A daemon that died had already registered the model. */
  async conclude(entry: ModelEntry): Promise<void> {
    await this.#tidy()
    this.isHere(entry)
  }

  /** Never rejects: the outcome is in its phase. */
  run(): Promise<void> {
    this.moveTo(null)
    this.#running = this.#run()
    return this.#running
  }

  /** @param discard also removes received data */
  cancel(discard: boolean): Promise<void> {
    this.#cancelling = this.#cancel(discard)
    return this.#cancelling
  }

  async #cancel(discard: boolean): Promise<void> {
    this.#discard ||= discard
    this.#stop.abort(new Hal0Error('pull.cancelled', `The pull of ${this.id} was cancelled.`))
    await this.accepted.catch(() => {
      // Whoever requested the pull gets the error.
    })
    await this.#running
    if (this.active) await this.#cancelled()
    // It had already ended.
    else if (discard) await discardStaging(this.#staging)
  }

  /** Like cancel, but for the end of the daemon: the next daemon continues the pull. */
  async suspend(): Promise<void> {
    this.#suspended = true
    this.#stop.abort(new Hal0Error('pull.cancelled', 'hal0 is stopping.'))
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    try {
      signal.throwIfAborted()
      const repository = await this.#resolve(signal)
      const here = await judgeForPull(this.#deps, this.id, this.request, repository, this.#before, signal)
      if (here?.kind === 'whole') {
        await this.conclude(here.entry)
        return
      }
      const plan = await this.#plan(repository)
      signal.throwIfAborted()
      const wanted = { plan, repository, request: this.request, staging: this.#staging }
      const received = await bringFiles(wanted, this.#deps, {
        pull: () => this.#pull,
        change: (changes) => this.#change(changes),
        signal,
      })
      await this.#deps.registry.register(
        registrationOf({ id: this.id, request: this.request, repository, plan, received, here }),
      )
      await this.#tidy()
      await this.#deps.remember(this.id, this.request)
      this.#change({ phase: 'done', file: null, throughput_bps: null, eta_s: null })
    } catch (error) {
      if (signal.aborted) await this.#cancelled()
      else await this.#failed(error)
    }
  }

  /** What there is to pull, and from where. A package is pinned, so nobody has to be asked. */
  async #resolve(signal: AbortSignal): Promise<HubRepository> {
    const { request } = this
    if (isPackagePull(request)) return packageRepository(request)
    const asking = askForPull(this.#deps.hub, request, this.#pinned, signal)
    return await askOrLookHere(asking, this.#deps.registry, request, signal)
  }

  async #plan(repository: HubRepository): Promise<PullPlan> {
    const plan = planPull(repository, this.request, await this.#deps.hasToken())
    const pinned = { repo: repository.repo, revision: repository.commit, files: plan.model.map(({ path }) => path) }
    await this.#deps.records.change(this.id, { pinned })
    this.#change(pullPlanned(repository, fetchedOf(plan, this.request)))
    return plan
  }

  async #cancelled(): Promise<void> {
    if (this.#suspended) return
    if (this.#discard) await this.#discardStaged()
    await this.#deps.records.forget(this.id)
    this.#change({ phase: 'cancelled', position: null, throughput_bps: null, eta_s: null })
  }

  async #failed(error: unknown): Promise<void> {
    const failure = Hal0Error.from(error)
    if (failure.code === 'internal') log.error(`the pull of ${this.id} failed`, failure.cause ?? failure)
    // The file itself is refused: its bytes can never be used.
    if (failure.code === 'model.invalid_file') await this.#discardStaged()
    await this.#deps.records.forget(this.id)
    this.#change({ phase: 'failed', position: null, error: failure.body(), throughput_bps: null, eta_s: null })
  }

  /** Anything that cannot be removed is listed by gc. */
  async #discardStaged(): Promise<void> {
    await discardStaging(this.#staging).catch((error) =>
      log.warn(`could not clean up after the pull of ${this.id}`, error),
    )
  }

  get #staging(): string {
    return stagingFolder(this.#deps.folder, this.id)
  }

  /** The model is registered, and failing to clean up does not change that. */
  async #tidy(): Promise<void> {
    await this.#discardStaged()
    await this.#deps.records.forget(this.id)
  }

  #change(changes: Partial<Pull>): void {
    const elapsed = Math.round(this.#deps.clock.now() - this.#began) / 1000
    this.#pull = { ...this.#pull, ...changes, elapsed_s: elapsed }
    this.#publish(this.#pull)
  }
}
