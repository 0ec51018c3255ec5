import { writeSync } from 'node:fs'

/** Writes all of `bytes` to an open file at offset `at`. A single system call may write less than it is given. */
export const writeAt = (fd: number, bytes: Uint8Array, at: number): void => {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(fd, bytes, done, bytes.length - done, at + done)
  }
}
