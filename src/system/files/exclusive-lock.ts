/** A lock that the kernel drops with the process that holds it, however that ends. */
import { Database } from 'bun:sqlite'

/**
 * Takes the lock of the file at `path`, which is made when there is none. An exclusive transaction of SQLite does it: neither a
 * pid file that can be stale nor a native binding is needed.
 * @returns the lock, given back with its scope; null while another process has it
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
