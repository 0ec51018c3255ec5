/** Whether the hub still has what is here. */
import type { ModelEntry, ModelSource } from '../../../contract/models/model.ts'
import type { ModelDrift, PullRequest } from '../../../contract/models/pull.ts'
import { Hal0Error } from '../../../lib/hal0-error.ts'
import { parseShardName } from '../../naming/file-name.ts'
import { projectorOf, requestOf } from '../../registry/identity.ts'
import type { ModelLookup } from '../../registry/registry-port.ts'
import { baseName, folderOf, ggufGroups, modelKey } from '../client/gguf-files.ts'
import type { HubClient, HubRepository } from '../client/hub-client.ts'

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

/** The branch or tag that a model follows: the one that it was asked by. A commit never moves: then it is `main`. */
export const followed = ({ ref = 'main', revision }: ModelSource): string =>
  /^[0-9a-f]{7,40}$/.test(ref) && revision.startsWith(ref) ? 'main' : ref

/** @param entry one that came from the hub */
export const driftOf = async (hub: Pick<HubClient, 'repository'>, entry: ModelEntry): Promise<ModelDrift | null> => {
  if (entry.source === null) return null
  const { repo, revision } = entry.source
  const drift = { id: entry.id, repo, revision, outdated: false, files: [], problem: null }
  try {
    const files = changedFiles(
      entry,
      await hub.repository(repo, followed(entry.source), AbortSignal.timeout(patienceMs)),
    )
    return { ...drift, outdated: files.length > 0, files }
  } catch (error) {
    return { ...drift, problem: Hal0Error.from(error).message }
  }
}

const titleOf = (path: string): string =>
  `${folderOf(path)}${parseShardName(baseName(path))?.stem ?? baseName(path).replace(/\.gguf$/i, '')}`

/** The model's first file as the repository has it: split into another number of shards by now, maybe. Pure. */
export const fileNow = (file: string, { files }: Pick<HubRepository, 'files'>): string => {
  const models = ggufGroups(files).filter(({ missing }) => missing.length === 0)
  if (models.some(({ path }) => modelKey(path) === modelKey(file))) return file
  const [only, ...others] = models.filter(({ path }) => titleOf(path) === titleOf(file))
  return only === undefined || others.length > 0 ? file : only.path
}

/**
 * What brings a model up to date, in its own place.
 * @throws Hal0Error `request.unsupported` for one that follows nothing
 */
export const updateOf = (entry: ModelEntry, registry: Pick<ModelLookup, 'get' | 'list'>): PullRequest => {
  const { id, source } = entry
  const get = (one: string) => registry.get(one)
  const mmproj = projectorOf(entry, get)
  const request = requestOf(entry, mmproj)
  if (source === null || request === null) {
    const sentence = `The model ${id} was imported from a file, so hal0 does not know where a newer one would be. Import that, or pull one.`
    throw new Hal0Error('request.unsupported', sentence, { param: 'id', details: { id } })
  }
  const owner = registry.list().find((one) => projectorOf(one, get)?.id === id)
  if (owner !== undefined) {
    const sentence = `${id} is the projector of ${owner.id}, and goes along with it: hal0 model update ${owner.id}`
    throw new Hal0Error('request.unsupported', sentence, { param: 'id', details: { id, model: owner.id } })
  }
  return { ...request, revision: followed(source), replace: true }
}
