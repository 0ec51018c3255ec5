/** Takes bytes out of the beginning of a file while others write to its end (Linux: ext4, xfs). */
import { dlopen, FFIType } from 'bun:ffi'

/** FALLOC_FL_COLLAPSE_RANGE of fallocate(2). */
const collapseRange = 8

/**
 * What follows moves up, and what is appended at this moment stays whole: the kernel holds the file meanwhile. The caller's
 * descriptor may write.
 * @param bytes whole blocks (`blksize` of its stat), and fewer than the file has
 * @returns false where its file system cannot do that; nothing has changed then
 */
export const collapseStart = (fd: number, bytes: number): boolean => {
  const libc = dlopen('libc.so.6', {
    fallocate: { args: [FFIType.i32, FFIType.i32, FFIType.i64, FFIType.i64], returns: FFIType.i32 },
  })
  try {
    return libc.symbols.fallocate(fd, collapseRange, 0, bytes) === 0
  } finally {
    libc.close()
  }
}
