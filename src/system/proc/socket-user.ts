/** Who is at the other end of a local socket (SO_PEERCRED of unix(7)): the kernel's own word, which no client can forge. */
import { dlopen, FFIType, ptr } from 'bun:ffi'

/** Level and option of getsockopt(2), on x86-64 and arm64. */
const solSocket = 1
const soPeerCred = 17
/** struct ucred: pid, uid and gid, 32 bits each. */
const credBytes = 12
const uidAt = 1

const open = () =>
  dlopen('libc.so.6', {
    getsockopt: { args: [FFIType.i32, FFIType.i32, FFIType.i32, FFIType.ptr, FFIType.ptr], returns: FFIType.i32 },
  }).symbols
let libc: ReturnType<typeof open> | null = null

/** @param fd of a connected local socket @returns the id of the user; null where the kernel does not say */
export const userOfSocket = (fd: number): number | null => {
  libc ??= open()
  const cred = new Uint32Array(credBytes / 4)
  const length = new Uint32Array([credBytes])
  return libc.getsockopt(fd, solSocket, soPeerCred, ptr(cred), ptr(length)) === 0 ? (cred[uidAt] ?? null) : null
}
