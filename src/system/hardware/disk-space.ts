import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errnoOf, storageError } from '../files/storage-error.ts'

/**
 * Space of the file system that a folder is in, or will be in once it is made. Bytes; `free` is without what is reserved for root.
 * @throws Hal0Error `storage.failed`
 */
export const diskSpace = async (folder: string): Promise<{ total: number; free: number }> => {
  for (let path = folder; ; path = dirname(path)) {
    try {
      const { bavail, blocks, bsize } = await statfs(path)
      return { total: blocks * bsize, free: bavail * bsize }
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT' || path === dirname(path)) {
        throw storageError(error, path, 'see how much space is free')
      }
    }
  }
}
