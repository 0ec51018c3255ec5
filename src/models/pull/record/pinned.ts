/** A pull gets the same commit from beginning to end, whatever happens to the branch and however often hal0 is restarted. */
import type { HubPull } from '../../../contract/models/pull.ts'
import { Hal0Error } from '../../../lib/hal0-error.ts'
import type { HubClient, HubRepository } from '../../hub/client/hub-client.ts'
import type { PinnedPull } from './record.ts'

/**
 * The repository at the commit that an earlier daemon started with, as long as the hub has it; otherwise as requested.
 * @throws Hal0Error `pull.*`
 */
export const askForPull = async (
  hub: Pick<HubClient, 'repository'>,
  { repo, revision = 'main' }: HubPull,
  pinned: PinnedPull | null,
  signal: AbortSignal,
): Promise<HubRepository> => {
  if (pinned !== null) {
    try {
      return await hub.repository(repo, pinned.revision, signal)
    } catch (error) {
      if (!(error instanceof Hal0Error) || error.code !== 'pull.not_found') throw error
    }
  }
  return hub.repository(repo, revision, signal)
}
