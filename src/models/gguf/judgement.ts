/**
 * Whether a sound GGUF is something that a slot can run. One judge for imports, for pulls as soon as a header is here, and for what
 * is registered. Types of tensors and files are no reason to refuse: which of them can be read the engine of a slot decides. Pure.
 */

import { invalidFile } from './cursor.ts'
import type { GgufHeader } from './header.ts'

/** What a file is to be. */
export interface GgufPart {
  /** Of the model's files, from 0. */
  index: number
  count: number
  /** It is asked for as the vision projector of another model. */
  isProjector: boolean
}

/** `general.type` of files that are no model, and a control vector's architecture, in words. */
const noModels: ReadonlyMap<string, string> = new Map([
  ['adapter', 'a LoRA adapter'],
  ['imatrix', 'an importance matrix'],
  ['controlvector', 'a control vector'],
])

/** Architectures of models that make images and videos, as the converters for diffusion engines name them. */
const imageMakers: ReadonlySet<string> = new Set([
  'aura',
  'cosmos',
  'flux',
  'hidream',
  'hyvid',
  'ltxv',
  'lumina2',
  'qwen_image',
  'sd1',
  'sd3',
  'sdxl',
  'wan',
])

/**
 * What one file says of itself.
 * @param path for the sentence
 * @throws Hal0Error `model.invalid_file`
 */
export const judgePart = (path: string, header: GgufHeader, { index, count, isProjector }: GgufPart): void => {
  const { type, architecture, splitCount, splitNo } = header
  if (splitCount !== null && splitCount > 1 && splitCount !== count) {
    const why = `it is part ${(splitNo ?? 0) + 1} of ${splitCount}, and its name does not say so`
    throw invalidFile(path, why, {}, 'Give the files their names back: NAME-00001-of-00003.gguf.')
  }
  if (count > 1 && splitNo !== null && splitNo !== index) {
    throw invalidFile(path, `the file named shard ${index + 1} is shard ${splitNo + 1}`)
  }
  // The first one's metadata speaks for all.
  if (index > 0) return
  const other = noModels.get(type ?? '') ?? noModels.get(architecture ?? '')
  if (other !== undefined) throw invalidFile(path, `it holds ${other}, no model`)
  if (architecture === null || !/^[\w.-]{1,64}$/.test(architecture)) {
    throw invalidFile(path, 'its metadata names no architecture')
  }
  if (imageMakers.has(architecture)) {
    throw invalidFile(path, `it makes images or videos (${architecture}), and no engine of hal0 does`)
  }
  if (isProjector && architecture !== 'clip') {
    throw invalidFile(path, `it is no vision projector: its architecture is ${architecture}`)
  }
  if (count === 1 && header.tensors === 0) throw invalidFile(path, 'it holds no tensors')
}

/** @param headers one per shard @throws Hal0Error `model.invalid_file` */
export const judgeModel = (path: string, headers: readonly GgufHeader[]): void => {
  for (const [index, header] of headers.entries()) {
    judgePart(path, header, { index, count: headers.length, isProjector: false })
  }
  if (headers.every(({ tensors }) => tensors === 0)) throw invalidFile(path, 'it holds no tensors')
}
