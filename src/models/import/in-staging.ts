/** The folder in which an import is put together. */
import { mkdir, rm } from 'node:fs/promises'
import { log } from '../../lib/log.ts'
import { storageError } from '../../system/files/storage-error.ts'

/**
 * Makes the folder `staging`, and removes what is left of it when `work` has ended.
 * @param doing what this is for, for the error message
 * @throws Hal0Error `storage.full`, `storage.failed`, and whatever `work` throws
 */
export const inStaging = async <T>(staging: string, doing: string, work: () => Promise<T>): Promise<T> => {
  try {
    await mkdir(staging).catch((error: unknown) => {
      throw storageError(error, staging, doing)
    })
    return await work()
  } finally {
    // After a successful import it no longer exists.
    await rm(staging, { recursive: true, force: true }).catch((error: unknown) => {
      log.warn(`could not remove ${staging}; the next start will`, error)
    })
  }
}
