/** What a repository offers: asks the hub, or falls back to installed models when the hub cannot be reached. */
import type { HubRepository } from '../../../contract/models/pull.ts'
import { Hal0Error } from '../../../lib/hal0-error.ts'
import type { FindRoom } from '../../fit/model-fits.ts'
import { isAtRevision, projectorOf, sameRepo } from '../../registry/identity.ts'
import type { ModelLookup } from '../../registry/registry-port.ts'
import type { HubClient } from '../client/hub-client.ts'
import type { ModelSelector } from './choose-model.ts'
import { type LocalModel, localOffers } from './local-offers.ts'
import { offersOf } from './offers.ts'

/** How long the hub may take, milliseconds: a client waits for the answer. */
const patienceMs = 60_000

interface OffersDeps {
  hub: Pick<HubClient, 'repository'>
  registry: Pick<ModelLookup, 'get' | 'list' | 'lost'>
  /** The repository in the request for a model, which may be an older name. */
  repoAskedFor: (id: string) => string | null
  room: FindRoom
}

/**
 * @param revision null: not given
 * @throws Hal0Error `pull.*`; also `pull.not_found` if nothing matches the request
 */
export const offersOfRepository = async (
  deps: OffersDeps,
  repo: string,
  revision: string | null,
  selector: ModelSelector,
): Promise<HubRepository> => {
  const { hub, registry } = deps
  try {
    const found = await hub.repository(repo, revision ?? 'main', AbortSignal.timeout(patienceMs))
    const isHere = (id: string): boolean => registry.get(id) !== null
    return { ...offersOf(found, selector, { room: await deps.room(), isHere }), problem: null }
  } catch (error) {
    // Complete models on this machine work without a network.
    if (!(error instanceof Hal0Error) || !['pull.network', 'pull.rate_limited'].includes(error.code)) throw error
    const here = localOffers(repo, localModels(deps, repo, revision ?? 'main'), selector, await deps.room())
    if (here === null) throw error
    return { ...here, problem: error.message }
  }
}

const localModels = ({ registry, repoAskedFor }: OffersDeps, repo: string, revision: string): LocalModel[] =>
  registry.list().flatMap((entry) => {
    const { source, id } = entry
    if (source === null || !isAtRevision(source, revision) || registry.lost(entry).length > 0) return []
    if (!sameRepo(source.repo, repo) && !sameRepo(repoAskedFor(id) ?? '', repo)) return []
    const tie = projectorOf(entry, (one) => registry.get(one)) ?? null
    const [file] = tie === null ? [] : (registry.get(tie.id)?.files ?? [])
    return { entry, projector: tie === null || file === undefined ? null : { path: tie.file, size: file.size } }
  })
