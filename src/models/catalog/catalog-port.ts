/** The catalog as the API and the pulls use it. */
import type { CatalogOffer } from '../../contract/models/catalog.ts'
import type { PullRequest } from '../../contract/models/pull.ts'

export interface CatalogService {
  /** The entries that match every word of `query`, in the catalog's order; '' gives all. */
  offers(query: string): Promise<CatalogOffer[]>
}

export interface CatalogSources {
  /** Where a model comes from; null if it is not in the catalog, or no engine of this version can run it. */
  sourceOf(id: string): PullRequest | null
  /** Why a model of the catalog cannot be pulled, as a sentence; null if it can, or is not in the catalog. */
  refusalOf(id: string): string | null
}
