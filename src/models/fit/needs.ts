/** How much memory a model needs. Pure. */
import type { CatalogEntry } from '../../contract/models/catalog.ts'
import type { Fit } from '../../contract/models/fit.ts'
import type { ModelMemory } from '../../contract/models/model.ts'
import { type CacheType, cacheBytes } from './kv-cache.ts'

/** Bytes that a model needs, wherever it runs. */
export interface Needs {
  weights: number
  kv: number
  /** On each device that takes part. */
  compute: number
  /** Layers of the model; null: not known. */
  layers: number | null
  /** Tokens that the cache has room for; null: the model has none. */
  context: number | null
  basis: Fit['basis']
}

/** Tokens of a conversation that are asked about, unless the model was trained for fewer. */
const usualContext = 8192
const computeBytes = { least: 300 * 2 ** 20, most: 2 ** 30 }

/** The context that a fit is about. @param trained of the model, tokens; null: unknown */
export const contextOf = (trained: number | null): number => Math.min(usualContext, trained ?? usualContext)

/** Buffers of one device: 300 MiB to 1 GiB were measured, more for larger models. */
export const computeFor = (weights: number): number =>
  Math.round(Math.min(computeBytes.most, Math.max(computeBytes.least, weights / 16)))

/** How the slot would be run. */
interface Use {
  /** Tokens. */
  context: number
  keys: CacheType
  values: CacheType
}

/**
 * By the headers of the model's files.
 * @param extra bytes of a vision projector
 * @returns null if they do not say how large the cache is
 */
export const needsOfHeader = (
  { weights, layers, kv }: ModelMemory,
  { context, keys, values }: Use,
  extra = 0,
): Needs | null =>
  kv === null
    ? null
    : {
        weights: weights + extra,
        kv: cacheBytes(kv, context, keys, values),
        compute: computeFor(weights + extra),
        layers,
        context,
        basis: 'header',
      }

/** What the catalog counts for computing, in `ram_bytes`. */
const catalogComputeBytes = 512 * 2 ** 20

/** As the catalog says: its figure is the size of all files, the cache, and 512 MiB. */
export const needsOfCatalog = ({ size, ram_bytes, kind, context_length }: CatalogEntry): Needs => {
  const kv = Math.max(0, ram_bytes - size - catalogComputeBytes)
  const speaks = kind === 'stt' || kind === 'tts'
  return {
    weights: size,
    kv,
    compute: ram_bytes - size - kv,
    layers: null,
    context: speaks ? null : contextOf(context_length),
    basis: 'catalog',
  }
}

/**
 * By nothing but the size of the files. For 8192 tokens the chat models of the catalog need 37 to 56 % of it below 4 GB, less and less
 * above, and none of them more than 1.4 GB.
 */
export const needsOfSize = (size: number, trainedContext: number | null): Needs => ({
  weights: size,
  kv: Math.round(Math.min(size * 0.45, 1.4e9)),
  compute: computeFor(size),
  layers: null,
  context: contextOf(trainedContext),
  basis: 'catalog',
})
