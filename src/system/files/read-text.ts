/**
 * Reads of small files that anything may lie in place of: whole, bounded, and never held up. A pipe at the path of a record made
 * the daemon wait for ever for somebody to write into it.
 */
import { constants, type Stats } from 'node:fs'
import { type FileHandle, lstat, open, stat } from 'node:fs/promises'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { errnoOf, storageError } from './storage-error.ts'

/** No file that hal0 writes, and no configuration that a person writes, comes near this. */
const mostBytes = 4 << 20

export interface ReadRules {
  /** `refuse`: a link is not read, whatever it leads to. Default `follow`. */
  links?: 'follow' | 'refuse'
  /** Bytes; default 4 MiB. */
  most?: number
}

/** What something is that is no file, with its article; null for a file. */
const otherThan = (stats: Stats): string | null => {
  if (stats.isFile()) return null
  if (stats.isDirectory()) return 'a folder'
  if (stats.isSymbolicLink()) return 'a link'
  if (stats.isFIFO()) return 'a named pipe'
  if (stats.isSocket()) return 'a socket'
  return 'a device'
}

/** @throws Hal0Error `storage.failed` for what is no file, or longer than `most` bytes; `details.found` says what it is */
const checkKind = (stats: Stats, path: string, doing: string, most: number): void => {
  const found = otherThan(stats) ?? (stats.size > most ? `${stats.size} bytes long` : null)
  if (found === null) return
  const message = `Could not ${doing}: ${path} is ${found}. Move it away and try again.`
  throw new Hal0Error('storage.failed', message, { details: { path, found } })
}

/**
 * The bytes of a small file that may not be there; null when it is not.
 * @param doing for the sentence of a failure, e.g. "read a configuration file"
 * @throws Hal0Error `storage.failed`; for what is no regular file, or has more than `most` bytes, `details.found` says what it is
 */
export const readBytesIfThere = async (
  path: string,
  doing: string,
  { links = 'follow', most = mostBytes }: ReadRules = {},
): Promise<Buffer | null> => {
  try {
    // Looked at first: to open a device may do something already.
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
 * Opens a file of any length for reading; null when there is none.
 * @throws Hal0Error `storage.failed`, as readBytesIfThere
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

/** As readBytesIfThere, decoded as UTF-8; what is none becomes U+FFFD. @throws Hal0Error `storage.failed` */
export const readTextIfThere = async (path: string, doing: string, rules?: ReadRules): Promise<string | null> =>
  (await readBytesIfThere(path, doing, rules))?.toString('utf8') ?? null
