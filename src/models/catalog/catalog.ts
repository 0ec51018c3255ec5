/** The curated catalog: its models, which of them are installed, and where they come from. */
import type { CatalogEntry, CatalogOffer } from '../../contract/models/catalog.ts'
import type { PullRequest } from '../../contract/models/pull.ts'
import { type FindRoom, fitOfCatalog, fitOfModel } from '../fit/model-fits.ts'
import type { ModelLookup } from '../registry/registry-port.ts'
import file from './catalog.json' with { type: 'json' }
import type { CatalogService, CatalogSources } from './catalog-port.ts'

/**
 * The entries of `catalog.json`, with each kind in recommended order. Sizes are the hub's. `ram_bytes` is the size of all files,
 * plus an f16 KV cache for 8192 tokens (or the trained context, if shorter; none for encoders and speech; sliding windows count as
 * full), plus 512 MiB for computing, rounded up to 100 MB. The file is embedded in the executable. A test checks it against the
 * schema, since doing that at every start took 3 ms.
 */
export const catalogEntries = file as readonly CatalogEntry[]

/** The entries in which each word of `query` occurs in the name, id, repository or kind, ignoring case; '' finds all. Pure. */
export const searchCatalog = (entries: readonly CatalogEntry[], query: string): CatalogEntry[] => {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  return entries.filter(({ name, id, repo, kind }) => {
    const text = [name, id, repo, kind].join('\n').toLowerCase()
    return words.every((word) => text.includes(word))
  })
}

export interface CatalogDeps {
  entries: readonly CatalogEntry[]
  registry: Pick<ModelLookup, 'get'>
  /** Names of the providers that there are. */
  providers: readonly string[]
  room: FindRoom
}

export class Catalog implements CatalogService, CatalogSources {
  readonly #deps: CatalogDeps
  readonly #byId: ReadonlyMap<string, CatalogEntry>

  constructor(deps: CatalogDeps) {
    this.#deps = deps
    this.#byId = new Map(deps.entries.map((entry) => [entry.id, entry]))
  }

  async offers(query: string): Promise<CatalogOffer[]> {
    const { entries, registry } = this.#deps
    const room = await this.#deps.room()
    return searchCatalog(entries, query).map((entry) => {
      const here = registry.get(entry.id)
      // The header of a file that is here knows better.
      const fit = here === null ? fitOfCatalog(entry, room) : fitOfModel(here, (id) => registry.get(id), room)
      return { ...entry, installed: here !== null, pull: this.sourceOf(entry.id), fit }
    })
  }

  sourceOf(id: string): PullRequest | null {
    const entry = this.#byId.get(id)
    if (entry === undefined || !this.#deps.providers.includes(entry.provider)) return null
    const { repo, file, others, size, pin } = entry
    if (pin !== undefined) return { package: pin.package, file, size, sha256: pin.sha256 }
    return others.length === 0 ? { repo, file } : { repo, file, mmproj: true }
  }

  refusalOf(id: string): string | null {
    const entry = this.#byId.get(id)
    if (entry === undefined || this.#deps.providers.includes(entry.provider)) return null
    const what = entry.kind === 'stt' ? 'speech recognition' : 'speech synthesis'
    return `${id} is in the catalog, but this version of hal0 has no engine for ${what} (${entry.provider}), so it cannot be pulled yet.`
  }
}
