/** Pulls and the hub as the API sees them. */
import type { HubHit, HubRepository, Pull, PullLeftover, PullRequest } from '../contract/pull.ts'
import type { Bus } from '../lib/bus.ts'

export interface PullService {
  /** Every change of every pull; of one that downloads at most four a second. */
  readonly changed: Bus<Pull>
  /**
   * Begins a pull, or joins the same one under way. A model that is there already, from the same place, is a pull that is done.
   * @throws Hal0Error `model.exists` when the id is taken by something else
   */
  start(id: string, request: PullRequest): Pull
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
  /** @throws Hal0Error `pull.*` */
  search(query: string, limit: number): Promise<HubHit[]>
  /** @throws Hal0Error `pull.*` */
  repository(repo: string, revision: string | null): Promise<HubRepository>
}
