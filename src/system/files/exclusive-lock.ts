/** A lock that the kernel releases when the process that holds it ends, however it ends. */
import { Database } from 'bun:sqlite'

/**
 * Locks the file at `path`, which is created if missing. It uses an exclusive SQLite transaction, so that neither a pid file, which
 * can be stale, nor a native binding is needed.
 * @returns the lock, released when disposed; null while another process holds it
 * @throws whatever SQLite throws when the file cannot be used
 */
export const exclusiveLock = (path: string): Disposable | null => {
  try {
    const database = new Database(path, { create: true })
    database.run('PRAGMA locking_mode = EXCLUSIVE')
    database.run('BEGIN EXCLUSIVE')
    return { [Symbol.dispose]: () => database.close() }
  } catch (error) {
    if ((error as { code?: unknown }).code === 'SQLITE_BUSY') return null
    throw error
  }
}
