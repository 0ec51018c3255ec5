/** One daemon per data folder: two owners of the same slots would undo each other's work. */
import { constants } from 'node:fs'
import { access, readFile, stat } from 'node:fs/promises'
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
 * The process that holds a lock on a file, by the kernel's own list.
 * @param table text of /proc/locks (proc_locks(5)), e.g. `1: POSIX  ADVISORY  WRITE 1449 fe:00:10117907 1073741824 1073742335`
 * @returns null where nobody holds one, or a process in another container does
 */
export const lockHolderIn = (table: string, inode: number): number | null => {
  for (const line of table.split('\n')) {
    const [, , , access, pid, file] = line.trim().split(/\s+/)
    if (access === 'WRITE' && file?.split(':')[2] === String(inode) && Number(pid) > 0) return Number(pid)
  }
  return null
}

/** @returns null where the system does not say */
export const lockHolder = async (path: string): Promise<number | null> => {
  try {
    return lockHolderIn(await readFile('/proc/locks', 'latin1'), (await stat(path)).ino)
  } catch {
    // No /proc, or the lock is gone: the message does without the pid.
    return null
  }
}

/**
 * Locks the data folder until the process ends.
 * @throws Hal0Error `config.invalid` while another daemon holds the lock; `storage.failed`
 */
export const lockDataFolder = async (folder: string): Promise<Disposable> => {
  const path = join(folder, 'daemon.lock')
  const taken = await lock(folder, path)
  if (taken !== null) return taken
  const pid = await lockHolder(path)
  throw new Hal0Error(
    'config.invalid',
    `Another hal0 daemon${pid === null ? '' : ` (process ${pid})`} already serves the data in ${folder}. Stop it first, or give this one a folder of its own with HAL0_ROOT.`,
    { details: { path: folder, pid } },
  )
}
