import { readFile } from 'node:fs/promises'
import { errnoOf, storageError } from './storage-error.ts'

/**
 * The text of a file that may not be there; null when it is not.
 * @param doing for the sentence of a failure, e.g. "read a configuration file"
 * @throws Hal0Error `storage.failed`
 */
export const readTextIfThere = async (path: string, doing: string): Promise<string | null> => {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null
    throw storageError(error, path, doing)
  }
}
