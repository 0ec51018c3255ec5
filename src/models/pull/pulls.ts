/** The pulls of the daemon, the known sources of models, and questions to the hub. */
import type { ModelEntry } from '../../contract/models/model.ts'
import type {
  HubHit,
  HubReference,
  HubRepository,
  ModelDrift,
  Pull,
  PullLeftover,
  PullRequest,
} from '../../contract/models/pull.ts'
import { repoOf } from '../../contract/models/pull-place.ts'
import type { Bus } from '../../lib/async/bus.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { readHubReference, unreadable } from '../../lib/hub/hub-reference.ts'
import { log } from '../../lib/log.ts'
import type { CatalogSources } from '../catalog/catalog-port.ts'
import type { FindRoom } from '../fit/model-fits.ts'
import type { HubClient } from '../hub/client/hub-client.ts'
import type { ModelSelector } from '../hub/offers/choose-model.ts'
import { driftOf, fileNow, updateOf } from '../hub/offers/drift.ts'
import { offersOfRepository } from '../hub/offers/offers-of-repository.ts'
import { isSameSource, projectorOf, requestOf } from '../registry/identity.ts'
import type { RegistryLeftovers } from '../registry/registry-leftovers.ts'
import { askWhetherHere, type Question, type Verdict } from './job/just-this.ts'
import { clearLeftovers, listDamaged, listLeftovers } from './job/pull-leftovers.ts'
import type { ModelBringer, PullService } from './pull-port.ts'
import { aPerson } from './queue/interest.ts'
import { PullQueue, type PullQueueDeps } from './queue/pull-queue.ts'
import { knownSources, rememberSource } from './record/request-file.ts'

/** How long the hub may take while a person waits for the answer, milliseconds. */
const patienceMs = 60_000

export interface PullsDeps extends Omit<PullQueueDeps, 'registry' | 'hub' | 'remember'> {
  hub: HubClient
  registry: PullQueueDeps['registry'] & { leftovers: Pick<RegistryLeftovers, 'list' | 'clear'> }
  /** Asked about models with no other known source. */
  catalog: Pick<CatalogSources, 'sourceOf'>
  /** Addresses of the hubs and mirrors in use. */
  endpoints: () => readonly string[]
  room: FindRoom
}

export class Pulls implements PullService, ModelBringer {
  readonly changed: Bus<Pull>
  readonly #deps: PullsDeps
  readonly #queue: PullQueue
  /** Sources of models that were pulled before, or that somebody has named. */
  readonly #sources = new Map<string, PullRequest>()
  #notResumed: string | null = null

  constructor(deps: PullsDeps) {
    this.#deps = deps
    this.#queue = new PullQueue({ ...deps, remember: (id, request) => this.#remember(id, request) })
    this.changed = this.#queue.changed
  }

  /** Continues what an earlier daemon did not finish. Call it once. */
  async resume(): Promise<void> {
    try {
      for (const [id, request] of await knownSources(this.#deps.folder)) this.#sources.set(id, request)
      await this.#queue.resume()
    } catch (error) {
      const { message } = Hal0Error.from(error)
      this.#notResumed = `${message} Unfinished pulls continue when hal0 starts next.`
    }
  }

  /** What is wrong with the records of pulls, in sentences. */
  problems(): string[] {
    return [...(this.#notResumed === null ? [] : [this.#notResumed]), ...this.#queue.records.problems()]
  }

  forsake(waits: (slot: string, id: string) => boolean): Promise<void> {
    return this.#queue.forsake(waits)
  }

  knows(id: string): boolean {
    return this.#sourceOf(id) !== null
  }

  async learn(id: string, request: PullRequest): Promise<void> {
    this.#queue.refuseOther(id, request)
    const entry = this.#deps.registry.get(id)
    if (entry === null) await this.#note(id, request)
    else await this.#ask(entry, request, 'here')
  }

  bring(id: string, by: string): Pull {
    const source = this.#sourceOf(id)
    if (source !== null) return this.#queue.begin(id, source, by).job.snapshot()
    throw new Hal0Error(
      'model.not_found',
      `It is not known where the model ${id} comes from. Pull it: hal0 model pull OWNER/REPO`,
      {
        param: 'model',
        details: { model: id },
      },
    )
  }

  leave(id: string, by: string): Promise<void> {
    return this.#queue.leave(id, by)
  }

  find(id: string): Pull | null {
    return this.#queue.find(id)?.snapshot() ?? null
  }

  async start(id: string, request: PullRequest): Promise<Pull> {
    return await this.#start(id, request, 'here')
  }

  async update(id: string): Promise<Pull> {
    const entry = this.#deps.registry.get(id)
    if (entry === null) {
      const sentence = `There is no model ${id}. \`hal0 model list\` shows what there is.`
      throw new Hal0Error('model.not_found', sentence, { param: 'id', details: { id } })
    }
    const { repo, file, ...rest } = updateOf(entry, this.#deps.registry)
    const repository = await this.#deps.hub.repository(repo, rest.revision ?? 'main', AbortSignal.timeout(patienceMs))
    return await this.#start(id, { repo, file: fileNow(file, repository), ...rest }, 'nothing')
  }

  list(): Pull[] {
    return this.#queue.list()
  }

  get(id: string): Pull {
    return this.#queue.require(id).snapshot()
  }

  cancel(id: string, discard: boolean): Promise<Pull> {
    return this.#queue.cancel(id, discard)
  }

  async leftovers(): Promise<PullLeftover[]> {
    const { folder, registry } = this.#deps
    const files = await listLeftovers(folder, (id) => this.#queue.isActive(id))
    const records = await listDamaged(this.#queue.records.damaged())
    return [...files, ...records, ...(await registry.leftovers.list())]
  }

  async clearLeftovers(): Promise<PullLeftover[]> {
    const { folder, registry } = this.#deps
    const records = await listDamaged(this.#queue.records.damaged())
    await this.#queue.records.clearDamaged()
    const files = await clearLeftovers(folder, (id) => this.#queue.isActive(id))
    return [...files, ...records, ...(await registry.leftovers.clear())]
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

  reference(text: string): HubReference {
    const reading = readHubReference(text, this.#deps.endpoints())
    if (reading.kind === 'refused') throw unreadable(text, reading.problem)
    return reading.kind === 'reference' ? reading.reference : { repo: null, revision: null, file: null, folder: null }
  }

  async repository(repo: string, revision: string | null, selector: ModelSelector): Promise<HubRepository> {
    return await offersOfRepository(
      { ...this.#deps, repoAskedFor: (id) => this.#repoAskedFor(id) },
      repo,
      revision,
      selector,
    )
  }

  /** Stops running pulls; the next daemon continues them. */
  close(): Promise<void> {
    return this.#queue.close()
  }

  /** @param offline what counts while the hub cannot be reached */
  async #start(id: string, request: PullRequest, offline: Question['offline']): Promise<Pull> {
    this.#queue.refuseOther(id, request)
    const { registry } = this.#deps
    const entry = this.#queue.isActive(id) ? null : registry.get(id)
    const isWhole = entry !== null && (await this.#ask(entry, request, offline)) === 'whole'
    // The model may have been removed while the hub was asked.
    const here = isWhole && registry.get(id) === entry ? entry : null
    const { job, accepted } = this.#queue.begin(id, request, aPerson, here)
    await accepted
    return job.snapshot()
  }

  /** Whether exactly this is installed. @throws Hal0Error `model.exists` when the id names something that must not be replaced */
  async #ask(entry: ModelEntry, request: PullRequest, offline: Question['offline']): Promise<Verdict['kind']> {
    const before = this.#sources.get(entry.id) ?? null
    const verdict = await askWhetherHere(this.#deps, entry, { request, before, offline })
    if (verdict.kind === 'other' && request.replace !== true) throw verdict.refusal
    return verdict.kind
  }

  #repoAskedFor(id: string): string | null {
    const source = this.#sources.get(id)
    return source === undefined ? null : repoOf(source)
  }

  /** For an installed model (which may lack a file), its own source: nothing else is pulled under its id. */
  #sourceOf(id: string): PullRequest | null {
    const { registry, catalog } = this.#deps
    const entry = registry.get(id)
    if (entry === null) return this.#sources.get(id) ?? catalog.sourceOf(id)
    return requestOf(
      entry,
      projectorOf(entry, (one) => registry.get(one)),
    )
  }

  async #note(id: string, request: PullRequest): Promise<void> {
    await rememberSource(this.#deps.folder, id, request)
    this.#sources.set(id, request)
  }

  async #remember(id: string, { replace: _, ...request }: PullRequest): Promise<void> {
    const known = this.#sources.get(id)
    // A restored or updated model keeps following the same source.
    if (known !== undefined && isSameSource(known, request)) return
    await this.#note(id, request).catch((error) => log.warn(`where ${id} came from will not be known`, error))
  }
}
