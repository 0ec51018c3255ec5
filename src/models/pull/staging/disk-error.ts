import { Hal0Error } from '../../../lib/hal0-error.ts'
import { errnoOf, storageError } from '../../../system/files/storage-error.ts'

/**
 * The error of a failed file operation of a pull. Downloaded data stays, and the message says so if the disk is full.
 * @param doing what was attempted, for the message: "write model.gguf"
 */
export const diskError = (error: unknown, path: string, doing: string): Hal0Error => {
  if (errnoOf(error) === 'ELOOP') return inTheWay(path, 'a symbolic link', error)
  const known = storageError(error, path, doing)
  if (known.code !== 'storage.full') return known
  const sentence = `Could not ${doing}: the disk that holds ${path} is full. Free some space and pull again: what is here is kept.`
  return new Hal0Error('pull.no_space', sentence, { details: known.details, cause: error })
}

/** @param what is at `path` where a pull keeps something of its own */
export const inTheWay = (path: string, what: string, cause?: unknown): Hal0Error =>
  new Hal0Error('storage.failed', `${path} is ${what}, where a pull keeps its files. Remove it and pull again.`, {
    details: { path },
    cause,
  })
