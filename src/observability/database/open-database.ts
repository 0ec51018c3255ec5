/** Opens hal0.db. What is no such database, or is damaged, is moved aside: the daemon starts and logs in any case. */
import { Database, SQLiteError } from 'bun:sqlite'
import { closeSync, existsSync, openSync, renameSync, statSync } from 'node:fs'
import { errnoOf } from '../../system/files/storage-error.ts'
import { prepareTables } from './schema.ts'

/** Files that SQLite keeps beside a database. */
const companions = ['-wal', '-shm']

/** Whether the content of the database is to blame, and not the disk. */
export const isDamage = (error: unknown): boolean =>
  error instanceof SQLiteError &&
  // An unknown column or table is an SQLITE_ERROR: somebody else's database, or a table that was changed by hand.
  /^SQLITE_(CORRUPT|NOTADB|FORMAT|ERROR|SCHEMA|MISMATCH)/.test(error.code ?? '')

/** @returns the sentence that tells about it */
export const moveAside = (path: string): string => {
  const aside = `${path}.damaged-${Date.now()}`
  renameSync(path, aside)
  for (const end of companions) if (existsSync(path + end)) renameSync(path + end, aside + end)
  return `${path} was damaged, and is ${aside} now. The log of requests begins anew; remove the old file when you no longer need it.`
}

/** Also true for a link that leads nowhere. */
const isInTheWay = (path: string): boolean => {
  try {
    return !statSync(path).isFile()
  } catch (error) {
    const errno = errnoOf(error)
    if (errno === 'ENOENT') return false
    if (errno === 'ELOOP') return true
    throw error
  }
}

export interface OpenedDatabase {
  db: Database
  /** What was moved aside, as a sentence; null: nothing. */
  notice: string | null
}

/**
 * Does not make the folder around it: if a mounted disk has gone away, nothing is written to its mount point.
 * @throws what the system and SQLite throw
 */
export const openDatabase = (path: string): OpenedDatabase => {
  let notice = isInTheWay(path) ? moveAside(path) : null
  // SQLite would make it readable for everybody. Its companions get the same mode.
  closeSync(openSync(path, 'a', 0o640))
  const open = (): Database => {
    const db = new Database(path, { readwrite: true })
    try {
      prepareTables(db)
      return db
    } catch (error) {
      db.close()
      throw error
    }
  }
  try {
    return { db: open(), notice }
  } catch (error) {
    if (!isDamage(error)) throw error
    notice = moveAside(path)
    closeSync(openSync(path, 'a', 0o640))
    return { db: open(), notice }
  }
}

/** Identifies the file at a path, to notice that somebody removed or replaced it; null: there is none. */
export const fileIdentity = (path: string): string | null => {
  const found = statSync(path, { throwIfNoEntry: false })
  return found === undefined ? null : `${found.dev}:${found.ino}`
}
