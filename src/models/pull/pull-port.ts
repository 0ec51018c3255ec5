/** The interface of pulls and the hub for the API. */
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

/** What a slot needs to load a model that has to be pulled first. */
export interface ModelBringer {
  readonly changed: Bus<Pull>
  /** Whether the origin of a model is known: it was pulled before, somebody named its source, or the catalog has it. */
  knows(id: string): boolean
  /** Records where a model comes from. @throws Hal0Error `storage.full`, `storage.failed` */
  learn(id: string, request: PullRequest): Promise<void>
  /**
   * Starts the pull of a known model, or joins it.
   * @param by the slot that wants it
   * @throws Hal0Error `model.not_found` for an unknown model
   */
  bring(id: string, by: string): Pull
  /** The slot `by` no longer wants the pull: it is cancelled unless another slot or a person wants it. Received data is kept. */
  leave(id: string, by: string): Promise<void>
  /** The pull of a model; null when there was none since the daemon started. */
  find(id: string): Pull | null
}

export interface PullService {
  /** Every change of every pull; during a download at most four a second. */
  readonly changed: Bus<Pull>
  /**
   * Starts a pull, or joins the same one under way. If the model is already there from the same source, the pull is done.
   * Once it resolves, the pull survives any restart of the daemon.
   * @throws Hal0Error `model.exists` when the id names something else; `storage.full`, `storage.failed`, and then there is no pull
   */
  start(id: string, request: PullRequest): Promise<Pull>
  /**
   * Like `start`, but replaces a model with the hub's current version of it.
   * @throws Hal0Error `model.not_found`; `request.unsupported` for a model that cannot be updated; `pull.*` of the hub
   */
  update(id: string): Promise<Pull>
  /** Every pull since the daemon started, the newest first. */
  list(): Pull[]
  /** @throws Hal0Error `pull.not_found` when there was none since the daemon started */
  get(id: string): Pull
  /**
   * Cancels a pull; one that has ended stays as it is.
   * @param discard also removes received data
   * @throws Hal0Error `pull.not_found`
   */
  cancel(id: string, discard: boolean): Promise<Pull>
  /** What pulls have left on the disk. @throws Hal0Error `storage.failed` */
  leftovers(): Promise<PullLeftover[]>
  /** Removes what ended pulls have left. @returns what was removed. @throws Hal0Error `storage.failed` */
  clearLeftovers(): Promise<PullLeftover[]>
  /** Asks the hub about every model that came from it. A failure for one model never makes it reject. */
  outdated(): Promise<ModelDrift[]>
  /** @throws Hal0Error `pull.*` */
  search(query: string, limit: number): Promise<HubHit[]>
  /**
   * Parses what a person wrote or pasted, without asking the hub.
   * @throws Hal0Error `request.invalid` that says what the text is instead
   */
  reference(text: string): HubReference
  /**
   * What a repository offers, and which of it `selector` means; installed models while the hub cannot be reached.
   * @throws Hal0Error `pull.*`; also `pull.not_found` if nothing matches
   */
  repository(repo: string, revision: string | null, selector: ModelSelector): Promise<HubRepository>
}
