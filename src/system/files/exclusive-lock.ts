/** A lock that the kernel releases when the process that holds it ends, however it ends. */
import { Database } from 'bun:sqlite'
import { statSync } from 'node:fs'
import { Hal0Error } from '../../lib/hal0-error.ts'

/** SQLite would only say that it cannot open what is no file. @throws Hal0Error `storage.failed` */
const requirePlainFile = (path: string): void => {
  const there = statSync(path, { throwIfNoEntry: false })
  if (there === undefined || there.isFile()) return
  throw new Hal0Error(
    'storage.failed',
    `${path} is no file, but hal0 keeps a lock there. Move it away: mv ${path} ${path}.away`,
    {
      details: { path },
    },
  )
}

/**
 * Locks the file at `path`, which is created if missing. It uses an exclusive SQLite transaction, so that neither a pid file, which
 * can be stale, nor a native binding is needed.
 * @returns the lock, released when disposed; null while another process holds it
 * @throws Hal0Error when there is something else in its place; whatever SQLite throws when the file cannot be used
 */
export const exclusiveLock = (path: string): Disposable | null => {
  requirePlainFile(path)
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
