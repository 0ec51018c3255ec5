/**
 * Reads small files whole, with a size limit, and never blocks, whatever is in their place. A pipe at the path of a record once
 * made the daemon wait for ever for somebody to write into it.
 */
import { constants, type Stats } from 'node:fs'
import { type FileHandle, lstat, open, stat } from 'node:fs/promises'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { errnoOf, storageError } from './storage-error.ts'

/** No file that hal0 writes, and no configuration that a person writes, comes near this. */
const mostBytes = 4 << 20

export interface ReadRules {
  /** `refuse`: links are not read, whatever they lead to. Default `follow`. */
  links?: 'follow' | 'refuse'
  /** Size limit in bytes; default 4 MiB. */
  most?: number
}

/** What it is if it is not a file, with its article; null for a file. */
const otherThan = (stats: Stats): string | null => {
  if (stats.isFile()) return null
  if (stats.isDirectory()) return 'a folder'
  if (stats.isSymbolicLink()) return 'a link'
  if (stats.isFIFO()) return 'a named pipe'
  if (stats.isSocket()) return 'a socket'
  return 'a device'
}

/** @throws Hal0Error `storage.failed` if it is not a file, or longer than `most` bytes; `details.found` says what it is */
const checkKind = (stats: Stats, path: string, doing: string, most: number): void => {
  const found = otherThan(stats) ?? (stats.size > most ? `${stats.size} bytes long` : null)
  if (found === null) return
  const message = `Could not ${doing}: ${path} is ${found}. Move it away and try again.`
  throw new Hal0Error('storage.failed', message, { details: { path, found } })
}

/**
 * The bytes of a small file; null when it does not exist.
 * @param doing what this does, for the error message, e.g. "read a configuration file"
 * @throws Hal0Error `storage.failed`; if it is not a regular file, or has more than `most` bytes, `details.found` says what it is
 */
export const readBytesIfThere = async (
  path: string,
  doing: string,
  { links = 'follow', most = mostBytes }: ReadRules = {},
): Promise<Buffer | null> => {
  try {
    // Checked before opening: merely opening a device may have an effect.
    checkKind(await (links === 'follow' ? stat(path) : lstat(path)), path, doing, most)
    const flags = constants.O_RDONLY | constants.O_NONBLOCK | (links === 'follow' ? 0 : constants.O_NOFOLLOW)
    const file = await open(path, flags)
    try {
      checkKind(await file.stat(), path, doing, most)
      return await file.readFile()
    } finally {
      await file.close()
    }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null
    throw storageError(error, path, doing)
  }
}

/**
 * Opens a file of any length for reading; null when it does not exist.
 * @throws Hal0Error `storage.failed`, like readBytesIfThere
 */
export const openIfThere = async (path: string, doing: string): Promise<FileHandle | null> => {
  let file: FileHandle
  try {
    checkKind(await stat(path), path, doing, Number.POSITIVE_INFINITY)
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null
    throw storageError(error, path, doing)
  }
  return file
}

/** Like readBytesIfThere, decoded as UTF-8; invalid bytes become U+FFFD. @throws Hal0Error `storage.failed` */
export const readTextIfThere = async (path: string, doing: string, rules?: ReadRules): Promise<string | null> =>
  (await readBytesIfThere(path, doing, rules))?.toString('utf8') ?? null
