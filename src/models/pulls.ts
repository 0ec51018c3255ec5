/** All pulls of the daemon: joined when asked for twice, a few at a time, the rest in their order. */
import type { HubHit, HubRepository, ModelDrift, Pull, PullLeftover, PullRequest } from '../contract/pull.ts'
import { Bus } from '../lib/bus.ts'
import { Hal0Error } from '../lib/hal0-error.ts'
import { log } from '../lib/log.ts'
import type { CatalogSources } from './catalog/catalog-port.ts'
import { driftOf } from './drift.ts'
import { ggufFiles } from './hub/gguf-files.ts'
import { aPerson, PullInterest } from './pull-interest.ts'
import { PullJob, type PullJobDeps } from './pull-job.ts'
import { clearLeftovers, listLeftovers } from './pull-leftovers.ts'
import { idOf } from './pull-plan.ts'
import type { ModelBringer, PullService } from './pull-port.ts'
import { knownSources, rememberSource, unfinishedPulls } from './pull-request-file.ts'
import type { ModelRegistry } from './registry.ts'
import type { RegistryLeftovers } from './registry-leftovers.ts'

/** Downloads at one time; each has several connections. */
const defaultSlots = 2
/** How long the hub may take to answer a question of a person, milliseconds. */
const patienceMs = 60_000

export interface PullsDeps extends Omit<PullJobDeps, 'registry'> {
  registry: Pick<ModelRegistry, 'get' | 'list' | 'register'> & { leftovers: Pick<RegistryLeftovers, 'list' | 'clear'> }
  /** Asked for models of which nothing else is known. */
  catalog: Pick<CatalogSources, 'sourceOf'>
  /** Bytes of this machine's memory; null: unknown. */
  memoryBytes: number | null
  /** Pulls at one time. */
  slots?: number
}

const same = (a: PullRequest, b: PullRequest): boolean =>
  a.repo === b.repo && a.file === b.file && (a.revision ?? null) === (b.revision ?? null) && a.mmproj === b.mmproj

export class Pulls implements PullService, ModelBringer {
  readonly changed = new Bus<Pull>()
  readonly #deps: PullsDeps
  readonly #jobs = new Map<string, PullJob>()
  /** Where models come from that were pulled before, or that somebody told of. */
  readonly #sources = new Map<string, PullRequest>()
  readonly #interest = new PullInterest()
  #waiting: PullJob[] = []
  #running = 0

  constructor(deps: PullsDeps) {
    this.#deps = deps
  }

  /** Goes on with what an earlier daemon did not end. To be called once. */
  async resume(): Promise<void> {
    try {
      for (const [id, request] of await knownSources(this.#deps.folder)) this.#sources.set(id, request)
      for (const [id, request] of await unfinishedPulls(this.#deps.folder)) this.#begin(id, request)
    } catch (error) {
      log.warn('unfinished pulls are not gone on with', error)
    }
  }

  knows(id: string): boolean {
    return this.#sourceOf(id) !== null
  }

  async learn(id: string, request: PullRequest): Promise<void> {
    await rememberSource(this.#deps.folder, id, request)
    this.#sources.set(id, request)
  }

  bring(id: string, by: string): Pull {
    const source = this.#sourceOf(id)
    if (source !== null) {
      this.#interest.add(id, by)
      return this.#begin(id, source)
    }
    throw new Hal0Error(
      'model.not_found',
      `It is not known where the model ${id} comes from. Pull it: hal0 model pull OWNER/REPO`,
      {
        param: 'model',
        details: { model: id },
      },
    )
  }

  async leave(id: string, by: string): Promise<void> {
    if (this.#interest.drop(id, by) && this.#isActive(id)) await this.cancel(id, false)
  }

  find(id: string): Pull | null {
    return this.#jobs.get(id)?.snapshot() ?? null
  }

  start(id: string, request: PullRequest): Pull {
    const pull = this.#begin(id, request)
    if (this.#isActive(id)) this.#interest.add(id, aPerson)
    return pull
  }

  #begin(id: string, request: PullRequest): Pull {
    const known = this.#jobs.get(id)
    if (known?.active === true) {
      if (same(known.request, request)) return known.snapshot()
      throw new Hal0Error(
        'model.exists',
        `Another pull of ${id} is under way, of ${known.request.file} from ${known.request.repo}. Wait for its end, cancel it, or choose another id.`,
        { param: 'id', details: { id, repo: known.request.repo, file: known.request.file } },
      )
    }
    const entry = this.#deps.registry.get(id)
    const job = new PullJob(id, request, this.#deps, (pull) => {
      if (pull.phase === 'done') this.#remember(id, request)
      if (!this.#isActive(id)) this.#interest.end(id)
      this.changed.publish(pull)
    })
    if (entry !== null) {
      if (entry.source?.repo !== request.repo) {
        throw new Hal0Error(
          'model.exists',
          `There is a model ${id} already. Choose another id, or remove that one first.`,
          {
            param: 'id',
            details: { id },
          },
        )
      }
      job.isHere(entry)
    } else {
      this.#waiting.push(job)
    }
    // Deleted first, so that the newest is the last of the map.
    this.#jobs.delete(id)
    this.#jobs.set(id, job)
    this.#next()
    return job.snapshot()
  }

  list(): Pull[] {
    return [...this.#jobs.values()].reverse().map((job) => job.snapshot())
  }

  get(id: string): Pull {
    return this.#require(id).snapshot()
  }

  async cancel(id: string, discard: boolean): Promise<Pull> {
    const job = this.#require(id)
    this.#waiting = this.#waiting.filter((one) => one !== job)
    await job.cancel(discard)
    return job.snapshot()
  }

  async leftovers(): Promise<PullLeftover[]> {
    const { folder, registry } = this.#deps
    return [...(await listLeftovers(folder, (id) => this.#isActive(id))), ...(await registry.leftovers.list())]
  }

  async clearLeftovers(): Promise<PullLeftover[]> {
    const { folder, registry } = this.#deps
    return [...(await clearLeftovers(folder, (id) => this.#isActive(id))), ...(await registry.leftovers.clear())]
  }

  async outdated(): Promise<ModelDrift[]> {
    const { hub, registry } = this.#deps
    const drifts: ModelDrift[] = []
    for (const entry of registry.list()) {
      const drift = await driftOf(hub, entry)
      if (drift !== null) drifts.push(drift)
    }
    return drifts
  }

  async search(query: string, limit: number): Promise<HubHit[]> {
    const hits = await this.#deps.hub.search(query, limit, AbortSignal.timeout(patienceMs))
    return hits.map(({ repo, downloads, gated, architecture, contextLength }) => ({
      repo,
      downloads,
      gated,
      architecture,
      context_length: contextLength,
    }))
  }

  async repository(repo: string, revision: string | null): Promise<HubRepository> {
    const found = await this.#deps.hub.repository(repo, revision ?? 'main', AbortSignal.timeout(patienceMs))
    const { models, projectors } = ggufFiles(found.files)
    const { memoryBytes, registry } = this.#deps
    return {
      repo: found.repo,
      revision: found.commit,
      gated: found.gated,
      models: models
        .filter(({ missing, path }) => missing.length === 0 && idOf(path) !== '')
        .map(({ path, quantization, size, files }) => ({
          id: idOf(path),
          file: path,
          quantization,
          size,
          shards: files.length,
          fits: memoryBytes === null ? null : size < memoryBytes * 0.9,
          installed: registry.get(idOf(path)) !== null,
        })),
      mmproj: projectors.map(({ path, size }) => ({ file: path, size })),
    }
  }

  /** Stops what is under way; the next daemon goes on with it. */
  async close(): Promise<void> {
    this.#waiting = []
    await Promise.all([...this.#jobs.values()].map((job) => job.suspend()))
  }

  #sourceOf(id: string): PullRequest | null {
    return this.#sources.get(id) ?? this.#deps.catalog.sourceOf(id)
  }

  #remember(id: string, request: PullRequest): void {
    this.learn(id, request).catch((error) => log.warn(`it will not be known where ${id} came from`, error))
  }

  #isActive(id: string): boolean {
    return this.#jobs.get(id)?.active === true
  }

  #require(id: string): PullJob {
    const job = this.#jobs.get(id)
    if (job !== undefined) return job
    throw new Hal0Error(
      'pull.not_found',
      `There was no pull of ${id} since the daemon started. Begin one with: hal0 model pull OWNER/REPO`,
      { param: 'id', details: { id } },
    )
  }

  #next(): void {
    const { slots = defaultSlots } = this.#deps
    for (let job = this.#waiting[0]; job !== undefined && this.#running < slots; job = this.#waiting[0]) {
      this.#waiting.shift()
      this.#running += 1
      // Never rejects: a failure is a state of the pull.
      void job.run().finally(() => {
        this.#running -= 1
        this.#next()
      })
    }
  }
}
