/** What a registry entry says of a model, told from its headers and its file name. Pure. */
import type { ModelEntry } from '../../contract/models/model.ts'
import { labelOf } from '../naming/quant-label.ts'
import type { GgufHeader } from './header.ts'
import { fileTypes, tensorTypes } from './types.ts'

export type ModelFacts = Pick<
  ModelEntry,
  'name' | 'kind' | 'architecture' | 'parameters' | 'quantization' | 'context_length'
>

/** Architectures of llama.cpp that only encode: they cannot chat, whatever their pooling. */
const encoders = /bert|^t5encoder$|^gemma-embedding$|^llama-embed$/
/** `enum llama_pooling_type` of llama.h: mean 1, cls 2, last 3 make embeddings, rank 4 makes scores. */
const rankPooling = 4
const nameLength = 200

/**
 * @param headers one per shard; the first one's metadata speaks for all
 * @param id the name where the file has none
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
  }
}

/** Without control characters: names end up in terminals. */
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
