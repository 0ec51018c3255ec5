/** Files that hal0 alone writes, and what becomes of them when something else lies in their place. */
import { lstat, readdir, rename, rmdir, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { log } from '../../lib/log.ts'
import { syncFolder } from './atomic-file.ts'
import { readTextIfThere } from './read-text.ts'
import { errnoOf, storageError } from './storage-error.ts'

/** Things of one name that were moved aside; older ones go. */
const mostAside = 3
let lastStamp = 0
const asideName = (name: string): RegExp => new RegExp(`^${RegExp.escape(name)}\\.damaged-\\d{13}$`)

/** Those of `names` that were moved aside by `setAside`, whatever they were. */
export const damagedNames = (names: readonly string[]): string[] =>
  names.filter((name) => /\.damaged-\d{13}$/.test(name))

/**
 * Moves what is not as it should be out of the way, whatever it is, so that a person can look at it: to `<path>.damaged-<milliseconds>`.
 * Of one path the last three are kept; a folder that holds something is never removed.
 * @returns where it is now
 * @throws Hal0Error `storage.failed`
 */
export const setAside = async (path: string): Promise<string> => {
  const folder = dirname(path)
  // Two in one millisecond must not share a name.
  lastStamp = Math.max(Date.now(), lastStamp + 1)
  const aside = `${path}.damaged-${lastStamp}`
  try {
    await rename(path, aside)
    await syncFolder(folder)
    const pattern = asideName(basename(path))
    const known = (await readdir(folder)).filter((name) => pattern.test(name)).sort()
    for (const name of known.slice(0, -mostAside)) await removeAny(join(folder, name))
  } catch (error) {
    throw storageError(error, path, 'move away what is damaged')
  }
  log.warn(`${path} was damaged; it is ${aside} now`)
  return aside
}

/** Moves away what is no file, and leads to none, where a file is to be written. @throws Hal0Error `storage.failed` */
export const setAsideNoFile = async (path: string): Promise<void> => {
  try {
    if ((await stat(path)).isFile()) return
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return
    if (errnoOf(error) !== 'ELOOP') throw storageError(error, path, 'look at a file of hal0')
  }
  await setAside(path)
}

const removeAny = async (path: string): Promise<void> => {
  if (!(await lstat(path)).isDirectory()) return await unlink(path)
  await rmdir(path).catch((error: unknown) => {
    if (errnoOf(error) !== 'ENOTEMPTY') throw error
  })
}

/** What is short for a moment says nothing about a file. */
export const isMomentary = (error: unknown): boolean => {
  const { errno } = storageError(error, '', 'read').details
  return errno === 'EMFILE' || errno === 'ENFILE' || errno === 'ENOMEM'
}

/**
 * The text of a file that can be done without; null when there is none. What cannot be read is moved aside, so that the next write
 * works.
 */
export const readOwnText = async (path: string, doing: string): Promise<string | null> => {
  try {
    return await readTextIfThere(path, doing, { links: 'refuse' })
  } catch (error) {
    log.warn(`${path} is of no use`, error)
    if (!isMomentary(error)) await setAside(path).catch((again: unknown) => log.warn(`it stays where it is`, again))
    return null
  }
}
