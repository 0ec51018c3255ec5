/** What is installed from a repository, for a pull that cannot reach the hub, so that complete models work offline. */
import type { HubPull } from '../../../contract/models/pull.ts'
import { Hal0Error } from '../../../lib/hal0-error.ts'
import type { HubRepository } from '../../hub/client/hub-client.ts'
import { projectorOf } from '../../registry/identity.ts'
import type { ModelRegistry } from '../../registry/registry.ts'
import { fits } from './just-this.ts'

type Registry = Pick<ModelRegistry, 'get' | 'list' | 'filePaths' | 'lost'>

const fileOf = (path: string, { size, sha256 }: { size: number; sha256: string }) => ({
  path,
  size,
  sha256,
  blobSha1: null,
})

/** @returns null if no installed model matches the request */
const repositoryHere = (registry: Registry, request: HubPull): HubRepository | null => {
  for (const entry of registry.list()) {
    const { source } = entry
    if (source === null || fits({ registry }, entry, request, null) !== 'yes') continue
    const files = entry.files.map((file, index) => fileOf(source.files[index] ?? '', file))
    const projector = request.mmproj === true ? (projectorOf(entry, (id) => registry.get(id)) ?? null) : null
    const [eyes] = (projector === null ? null : registry.get(projector.id))?.files ?? []
    if (projector !== null && eyes !== undefined) files.push(fileOf(projector.file, eyes))
    return { repo: source.repo, commit: source.revision, gated: false, refused: [], files }
  }
  return null
}

/**
 * The hub's answer; if it cannot be reached, what is installed under another id.
 * @throws what `ask` throws, if no installed model matches the request
 */
export const askOrLookHere = async (
  ask: Promise<HubRepository>,
  registry: Registry,
  request: HubPull,
  signal: AbortSignal,
): Promise<HubRepository> => {
  try {
    return await ask
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof Hal0Error) || !error.code.startsWith('pull.') || error.code === 'pull.not_found') throw error
    const here = repositoryHere(registry, request)
    if (here === null) throw error
    return here
  }
}
