/** Finds files of a model that are no longer where its entry says. It is fast, since it reads no content. */
import { statSync } from 'node:fs'
import type { ModelEntry } from '../../contract/models/model.ts'
import { errnoOf } from '../../system/files/storage-error.ts'
import { pathBelow } from '../naming/model-paths.ts'

/** The size of a file, following links; null if it does not exist. */
const sizeOf = (path: string): number | null => {
  const found = statSync(path)
  return found.isFile() ? found.size : null
}

/** @returns the paths of files that are gone or have a different size; a file without access does not count as lost */
export const lostFiles = (models: string, { files }: ModelEntry): string[] =>
  files.flatMap(({ path, size }) => {
    try {
      return sizeOf(pathBelow(models, path)) === size ? [] : [path]
    } catch (error) {
      const errno = errnoOf(error)
      return errno === 'ENOENT' || errno === 'ENOTDIR' || errno === 'ELOOP' ? [path] : []
    }
  })
