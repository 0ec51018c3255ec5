/**
 * Whether a valid GGUF is a model that a slot can run. The same check is used for imports, for pulls as soon as a header has arrived,
 * and for registration. Tensor and file types are no reason to refuse: the engine of a slot decides which ones it can read. Pure.
 */

import { invalidFile } from './cursor.ts'
import type { GgufHeader } from './header.ts'

/** What a file is meant to be. */
export interface ModelPart {
  /** Index among the model's files, from 0. */
  index: number
  count: number
  /** It was requested as the vision projector of another model. */
  isProjector: boolean
}

/** Descriptions for values of `general.type` that are not models, and for a control vector's architecture. */
const noModels: ReadonlyMap<string, string> = new Map([
  ['adapter', 'a LoRA adapter'],
  ['imatrix', 'an importance matrix'],
  ['controlvector', 'a control vector'],
])

/** Architectures of image and video generation models, as converters for diffusion engines name them. */
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
 * Checks one file by its own header.
 * @param path for the error message
 * @throws Hal0Error `model.invalid_file`
 */
export const checkRunnablePart = (path: string, header: GgufHeader, { index, count, isProjector }: ModelPart): void => {
  const { type, architecture, splitCount, splitNo } = header
  if (splitCount !== null && splitCount > 1 && splitCount !== count) {
    const why = `it is part ${(splitNo ?? 0) + 1} of ${splitCount}, and its name does not say so`
    throw invalidFile(path, why, {}, 'Give the files their names back: NAME-00001-of-00003.gguf.')
  }
  if (count > 1 && splitNo !== null && splitNo !== index) {
    throw invalidFile(path, `the file named shard ${index + 1} is shard ${splitNo + 1}`)
  }
  // The metadata of the first shard applies to all.
  if (index > 0) return
  const other = noModels.get(type ?? '') ?? noModels.get(architecture ?? '')
  if (other !== undefined) throw invalidFile(path, `it holds ${other}, not a model`)
  if (architecture === null || !/^[\w.-]{1,64}$/.test(architecture)) {
    throw invalidFile(path, 'its metadata names no architecture')
  }
  if (imageMakers.has(architecture)) {
    throw invalidFile(path, `it makes images or videos (${architecture}), and no engine of hal0 does`)
  }
  if (isProjector && architecture !== 'clip') {
    throw invalidFile(path, `it is not a vision projector: its architecture is ${architecture}`)
  }
  if (count === 1 && header.tensors === 0) throw invalidFile(path, 'it holds no tensors')
}

/** @param headers one per shard @throws Hal0Error `model.invalid_file` */
export const checkRunnableModel = (path: string, headers: readonly GgufHeader[]): void => {
  for (const [index, header] of headers.entries()) {
    checkRunnablePart(path, header, { index, count: headers.length, isProjector: false })
  }
  if (headers.every(({ tensors }) => tensors === 0)) throw invalidFile(path, 'it holds no tensors')
}
