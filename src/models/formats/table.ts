/** The model formats that hal0 reads. */
import { basename } from 'node:path'
import { gguf } from './gguf.ts'
import type { ModelFormat } from './model-format.ts'

/** The first one is used for files whose name does not show their format. */
export type FormatTable = readonly [ModelFormat, ...ModelFormat[]]

export const modelFormats: FormatTable = [gguf]

/** The format of a file, by its name. */
export const formatOf = (path: string, formats: FormatTable = modelFormats): ModelFormat =>
  formats.find(({ owns }) => owns(basename(path))) ?? formats[0]
