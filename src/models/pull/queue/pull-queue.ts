/** All pulls since the daemon started, in one queue: accepted once the record is durable, and joined when requested twice. */
import type { ModelEntry } from '../../../contract/models/model.ts'
import type { Pull, PullRequest } from '../../../contract/models/pull.ts'
import { isPackagePull, repoOf } from '../../../contract/models/pull-place.ts'
import { Bus } from '../../../lib/async/bus.ts'
import { Hal0Error } from '../../../lib/hal0-error.ts'
import { log } from '../../../lib/log.ts'
import { sameRepo, sameRequest } from '../../registry/identity.ts'
import { PullJob, type PullJobDeps } from '../job/pull-job.ts'
import type { PullRecord } from '../record/record.ts'
import { PullRecords } from '../record/records.ts'
import { aPerson, PullInterest } from './interest.ts'
import { PullTurns } from './turns.ts'

/** Simultaneous downloads; each has several connections. */
const defaultSlots = 2

export interface PullQueueDeps extends Omit<PullJobDeps, 'records'> {
  /** Simultaneous pulls. */
  slots?: number
}

/** Whether a daemon that died had made the entry of this pull, but not yet removed the record. */
const isMadeOf = ({ source }: ModelEntry, { request, pinned }: PullRecord): boolean =>
  source !== null &&
  pinned !== null &&
  sameRepo(source.repo, pinned.repo) &&
  source.revision === pinned.revision &&
  source.files.join('\n') === pinned.files.join('\n') &&
  (isPackagePull(request) || request.mmproj !== true || source.mmproj !== undefined)

export class PullQueue {
  /** Every change of every pull. */
  readonly changed = new Bus<Pull>()
  readonly records: PullRecords
  readonly #deps: PullQueueDeps
  readonly #jobs = new Map<string, PullJob>()
  readonly #interest = new PullInterest()
  readonly #turns: PullTurns<PullJob>

  constructor(deps: PullQueueDeps) {
    this.#deps = deps
    this.records = new PullRecords(deps.folder, deps.clock)
    this.#turns = new PullTurns(deps.slots ?? defaultSlots)
  }

  /** Continues what an earlier daemon did not finish, in the same order. @throws Hal0Error `storage.failed` */
  async resume(): Promise<void> {
    for (const record of await this.records.open()) {
      const { id, by } = record
      for (const one of by) this.#interest.add(id, one)
      const job = this.#make(record)
      const entry = this.#deps.registry.get(id)
      if (entry !== null && isMadeOf(entry, record)) await job.conclude(entry)
      else {
        this.#turns.add(job)
        this.#turns.accept(job)
      }
    }
  }

  /**
   * Starts a pull, or joins the same one under way.
   * @param by a slot, or a person
   * @param here the model if exactly this is already installed and complete: then there is nothing to do
   * @returns `accepted` resolves once the pull, and who wants it, survives a restart; it rejects with `storage.full` or
   *   `storage.failed`
   * @throws Hal0Error `model.exists` when another pull of the id is under way
   */
  begin(
    id: string,
    request: PullRequest,
    by: string,
    here: ModelEntry | null = null,
  ): { job: PullJob; accepted: Promise<void> } {
    const before = this.#jobs.get(id)
    if (before?.active === true && before.cancelling === null) {
      this.refuseOther(id, request)
      this.#interest.add(id, by)
      const joined = before.accepted.then(() => this.records.change(id, { by: this.#interest.of(id) }))
      joined.catch((error) => log.warn(`who wants ${id} was not written down`, error))
      return { job: before, accepted: joined }
    }
    const job = this.#make({ id, place: this.records.nextPlace(), request, pinned: null })
    if (here !== null) {
      job.isHere(here)
      return { job, accepted: job.accepted }
    }
    this.#interest.add(id, by)
    this.#turns.add(job)
    job.accepted = this.#accept(job, before)
    job.accepted.then(
      () => {
        job.announce()
        this.#turns.accept(job)
      },
      (error) => this.#refuse(job, before, error),
    )
    return { job, accepted: job.accepted }
  }

  /** @throws Hal0Error `model.exists` when another pull of the id is under way */
  refuseOther(id: string, request: PullRequest): void {
    const job = this.#jobs.get(id)
    if (job?.active !== true || job.cancelling !== null) return
    const { file } = job.request
    const repo = repoOf(job.request)
    if (sameRequest(job.request, request)) return
    // The hub has told the repository's newer name.
    const renamed = isPackagePull(job.request) ? job.request : { ...job.request, repo: job.snapshot().repo }
    if (sameRequest(renamed, request)) return
    throw new Hal0Error(
      'model.exists',
      `Another pull of ${id} is under way, of ${file} from ${repo}. Wait until it ends, cancel it (hal0 model pull --cancel ${id}), or choose another id (--id OTHER).`,
      { param: 'id', details: { id, repo, file } },
    )
  }

  /** The slot `by` no longer wants the pull: it is cancelled unless somebody else does. */
  async leave(id: string, by: string): Promise<void> {
    const isLast = this.#interest.drop(id, by)
    if (!this.isActive(id)) return
    if (isLast) await this.cancel(id, false)
    else {
      await this.records.change(id, { by: this.#interest.of(id) }).catch((error) => {
        log.warn(`that ${by} no longer wants ${id} was not written down`, error)
      })
    }
  }

  /** After a restart: drops the interest of slots that no longer wait for a pull. @param waits whether a slot waits for a model */
  async forsake(waits: (slot: string, id: string) => boolean): Promise<void> {
    for (const id of this.#jobs.keys()) {
      for (const by of this.#interest.of(id)) if (by !== aPerson && !waits(by, id)) await this.leave(id, by)
    }
  }

  /** @throws Hal0Error `pull.not_found` */
  async cancel(id: string, discard: boolean): Promise<Pull> {
    const job = this.require(id)
    const cancelled = job.cancel(discard)
    this.#turns.drop(job)
    await cancelled
    return job.snapshot()
  }

  /** The newest first. */
  list(): Pull[] {
    return [...this.#jobs.values()].reverse().map((job) => job.snapshot())
  }

  find(id: string): PullJob | null {
    return this.#jobs.get(id) ?? null
  }

  /** @throws Hal0Error `pull.not_found` */
  require(id: string): PullJob {
    const job = this.#jobs.get(id)
    if (job !== undefined) return job
    throw new Hal0Error(
      'pull.not_found',
      `There was no pull of ${id} since the daemon started. Begin one with: hal0 model pull OWNER/REPO`,
      { param: 'id', details: { id } },
    )
  }

  isActive(id: string): boolean {
    return this.#jobs.get(id)?.active === true
  }

  /** Stops running pulls; the next daemon continues them. */
  async close(): Promise<void> {
    this.#turns.close()
    await Promise.all([...this.#jobs.values()].map((job) => job.suspend()))
    this.records.close()
  }

  /** Makes a job and adds it as the newest one. */
  #make(order: Pick<PullRecord, 'id' | 'place' | 'request' | 'pinned'>): PullJob {
    const { id } = order
    const job: PullJob = new PullJob(order, { ...this.#deps, records: this.records }, (pull) => {
      // A job that was cancelled to make room for the next pull of its id no longer reports anything.
      if (this.#jobs.get(id) !== job) return
      if (!job.active) this.#interest.end(id)
      this.changed.publish(pull)
    })
    // Deleted first, so that the newest one is last in the map.
    this.#jobs.delete(id)
    this.#jobs.set(id, job)
    return job
  }

  async #accept(job: PullJob, before: PullJob | undefined): Promise<void> {
    await before?.cancelling
    await this.records.accept(job.id, job.place, job.request, this.#interest.of(job.id))
  }

  /** The record could not be written. For a person there is no pull then; a slot that waits for it gets the reason. */
  #refuse(job: PullJob, before: PullJob | undefined, error: unknown): void {
    const { id } = job
    this.#turns.drop(job)
    if (this.#interest.of(id).some((by) => by !== aPerson)) {
      void job.fail(error)
      return
    }
    this.#interest.end(id)
    this.#jobs.delete(id)
    if (before !== undefined) this.#jobs.set(id, before)
  }
}
