/** The priority of a thread: on Linux setpriority(2) changes the calling thread's alone. */
import { dlopen, FFIType } from 'bun:ffi'

const prioProcess = 0
/** The middle of what `nice` has: a tenth of the processor beside a busy thread, all of it beside none. */
const behind = 10

/**
 * Lets the calling thread stand back behind the others where processors are short.
 * @returns whether the system allowed it
 */
export const standBack = (): boolean => {
  const libc = dlopen('libc.so.6', {
    setpriority: { args: [FFIType.i32, FFIType.u32, FFIType.i32], returns: FFIType.i32 },
  })
  try {
    return libc.symbols.setpriority(prioProcess, 0, behind) === 0
  } finally {
    libc.close()
  }
}
