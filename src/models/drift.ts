/** Whether the hub still has what is here. */
import type { ModelEntry } from '../contract/model.ts'
import type { ModelDrift } from '../contract/pull.ts'
import { Hal0Error } from '../lib/hal0-error.ts'
import type { HubClient, HubRepository } from './hub/hub-client.ts'

const patienceMs = 30_000

/** Files of the entry that the repository has otherwise, or no more. Pure. */
export const changedFiles = ({ files, source }: ModelEntry, repository: Pick<HubRepository, 'files'>): string[] => {
  if (source === null) return []
  const there = new Map(repository.files.map((file) => [file.path, file]))
  return files.flatMap(({ path, size, sha256 }, index) => {
    const name = source.files[index] ?? path
    const file = there.get(name)
    // A gated repository hides its sums: then the size has to do.
    const same = file !== undefined && (file.sha256 === null ? file.size === size : file.sha256 === sha256)
    return same ? [] : [name]
  })
}

/** @param entry one that came from the hub */
export const driftOf = async (hub: Pick<HubClient, 'repository'>, entry: ModelEntry): Promise<ModelDrift | null> => {
  if (entry.source === null) return null
  const { repo, revision } = entry.source
  const drift = { id: entry.id, repo, revision, outdated: false, files: [], problem: null }
  try {
    const files = changedFiles(entry, await hub.repository(repo, 'main', AbortSignal.timeout(patienceMs)))
    return { ...drift, outdated: files.length > 0, files }
  } catch (error) {
    return { ...drift, problem: Hal0Error.from(error).message }
  }
}
