/** One daemon per data folder: two owners of the same slots would undo each other's work. */
import { Database } from 'bun:sqlite'
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { Hal0Error } from '../lib/hal0-error.ts'
import { makeFolder } from './atomic-file.ts'
import { storageError } from './storage-error.ts'

/**
 * Takes the lock of the data folder until the process ends, however it ends. An exclusive transaction of SQLite does it: the
 * kernel drops its file lock with the process, and neither a pid file that can be stale nor a native binding is needed.
 * @returns the function that gives it back
 * @throws Hal0Error `config.invalid` while another daemon has it; `storage.failed`
 */
export const lockDataFolder = async (folder: string): Promise<() => void> => {
  const path = join(folder, 'daemon.lock')
  try {
    await makeFolder(folder)
    // SQLite says only that it cannot open its file, not why.
    await access(folder, constants.W_OK | constants.X_OK)
    const database = new Database(path, { create: true })
    database.run('PRAGMA locking_mode = EXCLUSIVE')
    database.run('BEGIN EXCLUSIVE')
    return () => database.close()
  } catch (error) {
    if ((error as { code?: unknown }).code === 'SQLITE_BUSY') {
      throw new Hal0Error(
        'config.invalid',
        `Another hal0 daemon already serves the data in ${folder}. Stop it first, or give this one a folder of its own with HAL0_ROOT.`,
        { details: { path: folder }, cause: error },
      )
    }
    throw storageError(error, path, 'lock the data folder')
  }
}
