/** Whether a model's files still lie where its entry says. A look from memory's speed: it reads no content. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { ModelEntry } from '../../contract/models/model.ts'
import { errnoOf } from '../../system/files/storage-error.ts'

/** Its size, of a link that of what it leads to; null: no such file. */
const sizeOf = (path: string): number | null => {
  const found = statSync(path)
  return found.isFile() ? found.size : null
}

/** @returns the paths of those that are gone or have another size; what may not be looked at is not known to be lost */
export const lostFiles = (models: string, { files }: ModelEntry): string[] =>
  files.flatMap(({ path, size }) => {
    try {
      return sizeOf(join(models, path)) === size ? [] : [path]
    } catch (error) {
      const errno = errnoOf(error)
      return errno === 'ENOENT' || errno === 'ENOTDIR' || errno === 'ELOOP' ? [path] : []
    }
  })
