/** Paths of files in a repository. They come from strangers and become names on this machine. Pure. */

/** Longest name of Linux file systems. */
const longestName = 255

/**
 * Whether the path may become one below a folder here: relative, no `.` or `..`, no backslash or control character, no part of
 * more than 255 bytes of UTF-8, well-formed Unicode.
 */
export const isSafeRemotePath = (path: string): boolean =>
  path.isWellFormed() &&
  !/[\\\p{Cc}]/u.test(path) &&
  path
    .split('/')
    .every((part) => part !== '' && part !== '.' && part !== '..' && Buffer.byteLength(part) <= longestName)

/** For an address: every part escaped, the slashes left. */
export const encodeRemotePath = (path: string): string => path.split('/').map(encodeURIComponent).join('/')
