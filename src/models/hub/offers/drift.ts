/** Whether the hub's files still match an installed model. */
import type { ModelEntry, ModelSource } from '../../../contract/models/model.ts'
import type { HubPull, ModelDrift } from '../../../contract/models/pull.ts'
import { isPackagePull } from '../../../contract/models/pull-place.ts'
import { Hal0Error } from '../../../lib/hal0-error.ts'
import { parseShardName } from '../../naming/file-name.ts'
import { projectorOf, requestOf } from '../../registry/identity.ts'
import type { ModelLookup } from '../../registry/registry-port.ts'
import { baseName, folderOf, ggufGroups, modelKey } from '../client/gguf-files.ts'
import type { HubClient, HubRepository } from '../client/hub-client.ts'

const patienceMs = 30_000

/** Files of the entry that have changed in the repository or are gone from it. Pure. */
export const changedFiles = ({ files, source }: ModelEntry, repository: Pick<HubRepository, 'files'>): string[] => {
  if (source === null) return []
  const there = new Map(repository.files.map((file) => [file.path, file]))
  return files.flatMap(({ path, size, sha256 }, index) => {
    const name = source.files[index] ?? path
    const file = there.get(name)
    // A gated repository hides its checksums; then only the size can be compared.
    const same = file !== undefined && (file.sha256 === null ? file.size === size : file.sha256 === sha256)
    return same ? [] : [name]
  })
}

/** The branch or tag that a model follows: the one it was pulled from, or `main` if it was pulled by commit, which never moves. */
export const followed = ({ ref = 'main', revision }: ModelSource): string =>
  /^[0-9a-f]{7,40}$/.test(ref) && revision.startsWith(ref) ? 'main' : ref

/** @returns null for a model that did not come from the hub: a package is pinned to its version, which never changes */
export const driftOf = async (hub: Pick<HubClient, 'repository'>, entry: ModelEntry): Promise<ModelDrift | null> => {
  if (entry.source === null || entry.source.package !== undefined) return null
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

/** The path of the model's first file in the repository now, where it may be split into a different number of shards. Pure. */
export const fileNow = (file: string, { files }: Pick<HubRepository, 'files'>): string => {
  const models = ggufGroups(files).filter(({ missing }) => missing.length === 0)
  if (models.some(({ path }) => modelKey(path) === modelKey(file))) return file
  const [only, ...others] = models.filter(({ path }) => titleOf(path) === titleOf(file))
  return only === undefined || others.length > 0 ? file : only.path
}

/**
 * The request that updates a model in place.
 * @throws Hal0Error `request.unsupported` for a model that is not from the hub, and for the projector of another model
 */
export const updateOf = (entry: ModelEntry, registry: Pick<ModelLookup, 'get' | 'list'>): HubPull => {
  const { id, source } = entry
  const get = (one: string) => registry.get(one)
  const mmproj = projectorOf(entry, get)
  const request = requestOf(entry, mmproj)
  if (source === null || request === null) {
    const sentence = `The model ${id} was imported from a file, so hal0 does not know where a newer one would be. Import that, or pull one.`
    throw new Hal0Error('request.unsupported', sentence, { param: 'id', details: { id } })
  }
  if (isPackagePull(request)) {
    const { name, version } = request.package
    const sentence = `${id} is the model of ${name} ${version} from the Python package index. That version never changes, so there is nothing to update it to.`
    throw new Hal0Error('request.unsupported', sentence, { param: 'id', details: { id } })
  }
  const owner = registry.list().find((one) => projectorOf(one, get)?.id === id)
  if (owner !== undefined) {
    const sentence = `${id} is the projector of ${owner.id}, and is updated with it: hal0 model update ${owner.id}`
    throw new Hal0Error('request.unsupported', sentence, { param: 'id', details: { id, model: owner.id } })
  }
  return { ...request, revision: followed(source), replace: true }
}
