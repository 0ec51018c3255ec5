/** One update at a time. */
import { join } from 'node:path'
import { Hal0Error } from '../lib/hal0-error.ts'
import { exclusiveLock } from '../system/files/exclusive-lock.ts'
import { storageError } from '../system/files/storage-error.ts'
import type { Paths } from '../system/paths.ts'

const lock = (path: string): Disposable | null => {
  try {
    return exclusiveLock(path)
  } catch (error) {
    throw storageError(error, path, 'lock the versions')
  }
}

/**
 * Locks the folder of versions until the process ends.
 * @returns the lock, released when disposed
 * @throws Hal0Error `update.busy`, `storage.failed`
 */
export const lockUpdates = (paths: Paths): Disposable => {
  const path = join(paths.lib, 'update.lock')
  const taken = lock(path)
  if (taken !== null) return taken
  throw new Hal0Error('update.busy', 'Another update of hal0 is under way. Wait until it ends, then try again.', {
    details: { path },
  })
}
