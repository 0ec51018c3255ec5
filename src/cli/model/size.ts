import type { ModelEntry } from '../../contract/models/model.ts'

/** Bytes of all files of a model. */
export const sizeOf = (model: ModelEntry): number => model.files.reduce((sum, { size }) => sum + size, 0)
