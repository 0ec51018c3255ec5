/** Files that only hal0 writes, and what happens when something else is in their place. */
import { lstat, readdir, rename, rmdir, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { log } from '../../lib/log.ts'
import { syncFolder } from './atomic-file.ts'
import { readTextIfThere } from './read-text.ts'
import { errnoOf, storageError } from './storage-error.ts'

/** How many damaged files of one name are kept; older ones are deleted. */
const mostAside = 3
let lastStamp = 0
const asideName = (name: string): RegExp => new RegExp(`^${RegExp.escape(name)}\\.damaged-\\d{13}$`)

/** Those of `names` that `setAside` made. */
export const damagedNames = (names: readonly string[]): string[] =>
  names.filter((name) => /\.damaged-\d{13}$/.test(name))

/**
 * Moves something damaged, whatever it is, to `<path>.damaged-<milliseconds>`, so that a person can look at it. The last three of
 * each path are kept; a folder that is not empty is never removed.
 * @returns the new path
 * @throws Hal0Error `storage.failed`
 */
export const setAside = async (path: string): Promise<string> => {
  const folder = dirname(path)
  // Two calls in one millisecond must not use the same name.
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
  log.warn(`${path} was damaged; it was moved to ${aside}`)
  return aside
}

/** Moves aside whatever is in the place of a file to be written and is not a file itself. @throws Hal0Error `storage.failed` */
export const setAsideNonFile = async (path: string): Promise<void> => {
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

/** Whether the error is a temporary shortage, which says nothing about the file. */
export const isTransient = (error: unknown): boolean => {
  const { errno } = storageError(error, '', 'read').details
  return errno === 'EMFILE' || errno === 'ENFILE' || errno === 'ENOMEM'
}

/**
 * The text of a dispensable file; null when there is none. If it cannot be read, it is moved aside, so that the next write works.
 */
export const readOwnText = async (path: string, doing: string): Promise<string | null> => {
  try {
    return await readTextIfThere(path, doing, { links: 'refuse' })
  } catch (error) {
    log.warn(`${path} cannot be used`, error)
    if (!isTransient(error)) await setAside(path).catch((again: unknown) => log.warn(`it stays where it is`, again))
    return null
  }
}
