import { Hal0Error } from '../../lib/hal0-error.ts'

/** The `code` of a Node system error ('ENOENT', 'ENOSPC'), or null. */
export const errnoOf = (error: unknown): string | null => {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : null
}

/**
 * Turns a failed file operation into one of the `storage.*` errors.
 * @param doing what was attempted, for the message: "write the state of slot primary"
 */
export const storageError = (error: unknown, path: string, doing: string): Hal0Error => {
  if (error instanceof Hal0Error) return error
  const errno = errnoOf(error)
  const options = { details: { path, errno }, cause: error }
  if (errno === 'ENOSPC' || errno === 'EDQUOT' || errno === 'SQLITE_FULL') {
    return new Hal0Error(
      'storage.full',
      `Could not ${doing}: the disk that holds ${path} is full. Free some space and try again.`,
      options,
    )
  }
  const why =
    errno === 'EACCES' || errno === 'EPERM' || errno === 'EROFS'
      ? `hal0 may not ${doing.startsWith('read') ? 'read' : 'write to'} ${path}. Check its owner and mode.`
      : errno === 'ELOOP'
        ? `${path} is a link that leads to itself. Replace it.`
        : `the disk answered ${errno ?? 'with an unknown error'} for ${path}. Check the disk.`
  return new Hal0Error('storage.failed', `Could not ${doing}: ${why}`, options)
}
