/** One daemon per data folder: two owners of the same slots would undo each other's work. */
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { makeFolder } from './atomic-file.ts'
import { exclusiveLock } from './exclusive-lock.ts'
import { storageError } from './storage-error.ts'

const lock = async (folder: string, path: string): Promise<Disposable | null> => {
  try {
    await makeFolder(folder)
    // SQLite would only say that it cannot open its file, but not why.
    await access(folder, constants.W_OK | constants.X_OK)
    return exclusiveLock(path)
  } catch (error) {
    throw storageError(error, path, 'lock the data folder')
  }
}

/**
 * Locks the data folder until the process ends.
 * @throws Hal0Error `config.invalid` while another daemon holds the lock; `storage.failed`
 */
export const lockDataFolder = async (folder: string): Promise<Disposable> => {
  const taken = await lock(folder, join(folder, 'daemon.lock'))
  if (taken !== null) return taken
  throw new Hal0Error(
    'config.invalid',
    `Another hal0 daemon already serves the data in ${folder}. Stop it first, or give this one a folder of its own with HAL0_ROOT.`,
    { details: { path: folder } },
  )
}
