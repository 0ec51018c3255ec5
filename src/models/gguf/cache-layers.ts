/** The KV cache of a model by its layers, from what its header says about attention. Pure. */
import type { ModelMemory } from '../../contract/models/model.ts'
import type { Attention } from './attention.ts'

type CacheLayers = NonNullable<ModelMemory['kv']>[number]

/**
 * Architectures whose files give a window but not which layers have it: all but the last of each period (llama.cpp, `llama-model.cpp`).
 * Of all others each layer counts in full: llama.cpp ignores their window, or this is more than is needed.
 */
const periods: Readonly<Record<string, number>> = {
  cohere2: 4,
  exaone4: 4,
  gemma2: 2,
  gemma3: 6,
  gemma3n: 5,
  'gpt-oss': 2,
  olmo2: 4,
}

/** More than any model has; a header may claim anything. */
const mostLayers = 4096

const at = (value: readonly number[] | number | null, layer: number): number | null =>
  typeof value === 'number' || value === null ? value : (value[layer] ?? null)

const hasWindow = ({ window, windowPattern }: Attention, architecture: string, layer: number): boolean => {
  if (window === null || window === 0) return false
  if (typeof windowPattern === 'object' && windowPattern !== null) return (windowPattern[layer] ?? 0) !== 0
  const period = windowPattern ?? periods[architecture] ?? 1
  return period === 0 || layer % period < period - 1
}

/** The cache of one layer, elements for each token; null: the header does not say. */
const cacheOf = (attention: Attention, architecture: string, layer: number): CacheLayers | null => {
  const { embedding, heads, headsKv, interval, keyLength, valueLength, window } = attention
  const headCount = at(heads, layer)
  const kvHeads = at(headsKv, layer) ?? headCount
  const usual = embedding === null || headCount === null || headCount === 0 ? null : embedding / headCount
  const isWindowed = hasWindow(attention, architecture, layer)
  const key = (isWindowed ? attention.keyLengthWindow : null) ?? keyLength ?? usual
  const value = (isWindowed ? attention.valueLengthWindow : null) ?? valueLength ?? usual
  if (kvHeads === 0 || (interval !== null && interval > 0 && (layer + 1) % interval !== 0)) {
    return { layers: 1, key: 0, value: 0, window: null }
  }
  if (kvHeads === null || key === null || value === null) return null
  return {
    layers: 1,
    key: Math.round(kvHeads * key),
    value: Math.round(kvHeads * value),
    window: isWindowed ? window : null,
  }
}

/** Layers with the same cache together; null if the header does not say enough. */
export const cacheLayers = (attention: Attention, architecture: string): CacheLayers[] | null => {
  const { layers, sharedLayers } = attention
  if (layers === null || layers > mostLayers) return null
  const groups = new Map<string, CacheLayers>()
  for (let layer = 0; layer < layers - (sharedLayers ?? 0); layer++) {
    const one = cacheOf(attention, architecture, layer)
    if (one === null) return null
    if (one.key + one.value === 0) continue
    const key = `${one.key}/${one.value}/${one.window}`
    groups.set(key, { ...one, layers: (groups.get(key)?.layers ?? 0) + 1 })
  }
  return [...groups.values()]
}
