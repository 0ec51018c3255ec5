/** What a registry entry says about a model, derived from its headers and its file name. Pure. */
import type { ModelEntry, ModelMemory } from '../../contract/models/model.ts'
import { labelOf } from '../naming/quant-label.ts'
import { cacheLayers } from './cache-layers.ts'
import type { GgufHeader } from './header.ts'
import { fileTypes, tensorTypes } from './types.ts'

export type ModelFacts = Pick<
  ModelEntry,
  'name' | 'kind' | 'architecture' | 'parameters' | 'quantization' | 'context_length' | 'memory'
>

/** Encoder-only architectures of llama.cpp: they cannot chat, whatever their pooling type. */
const encoders = /bert|^t5encoder$|^gemma-embedding$|^llama-embed$/
/** `enum llama_pooling_type` in llama.h: mean 1, cls 2 and last 3 give embeddings, rank 4 gives scores. */
const rankPooling = 4
const nameLength = 200

/**
 * @param headers one per shard; the metadata of the first one applies to all
 * @param id used as the name if the file has none
 */
export const modelFacts = (
  headers: readonly [GgufHeader, ...GgufHeader[]],
  fileName: string,
  id: string,
): ModelFacts => {
  const first = headers[0]
  return {
    name: printable(first.name ?? '') || id,
    kind: kindOf(first),
    architecture: first.architecture,
    parameters: headers.reduce((sum, header) => sum + header.parameters, 0),
    quantization: quantizationOf(headers, fileName),
    context_length: first.contextLength,
    memory: memoryOf(headers),
  }
}

/** Removes control characters, since names end up in terminals. */
const printable = (name: string): string =>
  name
    .replaceAll(/\p{C}+/gu, ' ')
    .trim()
    .slice(0, nameLength)

const kindOf = (header: GgufHeader): ModelEntry['kind'] => {
  if (header.architecture === 'clip') return 'mmproj'
  if (header.poolingType === rankPooling) return 'rerank'
  const pools = header.poolingType !== null && header.poolingType >= 1 && header.poolingType < rankPooling
  return pools || encoders.test(header.architecture ?? '') ? 'embedding' : 'chat'
}

const memoryOf = (headers: readonly [GgufHeader, ...GgufHeader[]]): ModelMemory => {
  const { architecture, attention } = headers[0]
  const hasCache = architecture !== 'clip' && !encoders.test(architecture ?? '')
  return {
    weights: headers.reduce((sum, { dataBytes }) => sum + dataBytes, 0),
    layers: attention.layers,
    kv: hasCache ? cacheLayers(attention, architecture ?? '') : [],
  }
}

const quantizationOf = (headers: readonly [GgufHeader, ...GgufHeader[]], fileName: string): string | null => {
  const stated = headers[0].fileType
  return (stated === null ? undefined : fileTypes.get(stated)) ?? labelOf(fileName) ?? dominantType(headers)
}

const dominantType = (headers: readonly GgufHeader[]): string | null => {
  const weights = new Map<number, number>()
  for (const header of headers) {
    for (const [type, count] of header.parametersByType) weights.set(type, (weights.get(type) ?? 0) + count)
  }
  const [most] = [...weights].sort((a, b) => b[1] - a[1])
  return most === undefined ? null : (tensorTypes.get(most[0])?.name ?? null)
}
