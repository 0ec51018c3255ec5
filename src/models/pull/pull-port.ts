/** Pulls and the hub as the API sees them. */
import type {
  HubHit,
  HubReference,
  HubRepository,
  ModelDrift,
  Pull,
  PullLeftover,
  PullRequest,
} from '../../contract/models/pull.ts'
import type { Bus } from '../../lib/async/bus.ts'
import type { ModelSelector } from '../hub/offers/choose-model.ts'

/** What a slot needs to load a model that is not here yet. */
export interface ModelBringer {
  readonly changed: Bus<Pull>
  /** Whether it is known where the model comes from: it was pulled before, somebody said so, or the catalog has it. */
  knows(id: string): boolean
  /** Takes note of where a model comes from. @throws Hal0Error `storage.full`, `storage.failed` */
  learn(id: string, request: PullRequest): Promise<void>
  /**
   * Begins the pull of a known model, or joins it.
   * @param by the slot that wants it
   * @throws Hal0Error `model.not_found` for one that is not known
   */
  bring(id: string, by: string): Pull
  /** The slot `by` wants it no more: it is cancelled unless another slot or a person does; what was received is kept. */
  leave(id: string, by: string): Promise<void>
  /** The pull of a model; null when there was none since the daemon started. */
  find(id: string): Pull | null
}

export interface PullService {
  /** Every change of every pull; of one that downloads at most four a second. */
  readonly changed: Bus<Pull>
  /**
   * Begins a pull, or joins the same one under way. A model that is there already, from the same place, is a pull that is done.
   * Once it resolves the pull survives any restart of the daemon.
   * @throws Hal0Error `model.exists` when the id is taken by something else; `storage.full`, `storage.failed`, and then there is no pull
   */
  start(id: string, request: PullRequest): Promise<Pull>
  /**
   * As `start`, of what the hub has by now of a model that came from it, in its place.
   * @throws Hal0Error `model.not_found`; `request.unsupported` for a model that follows nothing; `pull.*` of the hub
   */
  update(id: string): Promise<Pull>
  /** Every pull since the daemon started, the newest first. */
  list(): Pull[]
  /** @throws Hal0Error `pull.not_found` when there was none since the daemon started */
  get(id: string): Pull
  /**
   * Ends a pull; one that has ended stays as it is.
   * @param discard also removes what was received
   * @throws Hal0Error `pull.not_found`
   */
  cancel(id: string, discard: boolean): Promise<Pull>
  /** What pulls have left on the disk. @throws Hal0Error `storage.failed` */
  leftovers(): Promise<PullLeftover[]>
  /** Removes what pulls that are not under way have left. @returns what was removed. @throws Hal0Error `storage.failed` */
  clearLeftovers(): Promise<PullLeftover[]>
  /** Asks the hub about every model that came from it. Never rejects for one of them. */
  outdated(): Promise<ModelDrift[]>
  /** @throws Hal0Error `pull.*` */
  search(query: string, limit: number): Promise<HubHit[]>
  /**
   * Reads what a person wrote or pasted; the hub is not asked.
   * @throws Hal0Error `request.invalid`, with what it is instead
   */
  reference(text: string): HubReference
  /**
   * What a repository offers, and which of it `selector` means; while the hub cannot be asked, what of that is here.
   * @throws Hal0Error `pull.*`; `pull.not_found` also where nothing is as wished
   */
  repository(repo: string, revision: string | null, selector: ModelSelector): Promise<HubRepository>
}
