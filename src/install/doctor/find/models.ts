/** Counts the models that are registered, without opening the registry. */
import { readdir } from 'node:fs/promises'
import { errnoOf, storageError } from '../../../system/files/storage-error.ts'
import { modelsDir, type Paths } from '../../../system/paths.ts'

/** @throws Hal0Error `storage.failed` */
export const countModels = async (paths: Paths): Promise<number> => {
  const folder = modelsDir(paths)
  try {
    // Each model has one entry, <id>.json; what is under way begins with a dot.
    return (await readdir(folder)).filter((name) => name.endsWith('.json') && !name.startsWith('.')).length
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return 0
    throw storageError(error, folder, 'count the models')
  }
}
