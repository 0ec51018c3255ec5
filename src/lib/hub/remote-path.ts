/** Paths of files in a repository. They are untrusted, and become file names on this machine. Pure. */

/** Longest file name on Linux file systems, bytes. */
const longestName = 255

/**
 * Whether the path may be used below a local folder: relative, no `.` or `..`, no backslash or control character, no part longer
 * than 255 bytes of UTF-8, well-formed Unicode.
 */
export const isSafeRemotePath = (path: string): boolean =>
  path.isWellFormed() &&
  !/[\\\p{Cc}]/u.test(path) &&
  path
    .split('/')
    .every((part) => part !== '' && part !== '.' && part !== '..' && Buffer.byteLength(part) <= longestName)

/** The path for use in an address: every part escaped, slashes kept. */
export const encodeRemotePath = (path: string): string => path.split('/').map(encodeURIComponent).join('/')
