import type { ModelEntry } from '../../contract/models/model.ts'

/** Size of all files of a model, bytes. */
export const sizeOf = (model: ModelEntry): number => model.files.reduce((sum, { size }) => sum + size, 0)
