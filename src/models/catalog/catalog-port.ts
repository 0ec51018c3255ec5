/** The catalog as the API and the pulls see it. */
import type { CatalogOffer } from '../../contract/models/catalog.ts'
import type { PullRequest } from '../../contract/models/pull.ts'

export interface CatalogService {
  /** The entries that have every word of `query`, in the catalog's order; '' gives all. */
  offers(query: string): CatalogOffer[]
}

export interface CatalogSources {
  /** Where a model comes from; null for one that is not in the catalog, or that no engine of this version runs. */
  sourceOf(id: string): PullRequest | null
  /** Why a model of the catalog cannot be pulled, as a sentence; null when nothing is against it, or it is not in the catalog. */
  refusalOf(id: string): string | null
}
