/**
 * How many threads do the asynchronous file operations of this process. Bun has as many as there are processors, for all of them
 * together: on two processors, two fsyncs of a pull held up everything that was written meanwhile, records of slots for up to 3 s.
 * The threads wait for the disk and need no processor.
 */
import { dlopen, FFIType } from 'bun:ffi'

/** Read by Bun, from the environment of the process, when the first such operation begins. */
const variable = 'UV_THREADPOOL_SIZE'

/** A few pulls that write and sync, and what the slots write beside them. */
const ioThreads = 16

/**
 * Call it before the first asynchronous file operation; later it changes nothing, so it helps the compiled program only: from source,
 * Bun has loaded modules by then. What the environment says already stays.
 */
export const raiseIoThreads = (): void => {
  if (process.env[variable] !== undefined) return
  // An assignment to process.env would not reach the environment that Bun itself reads.
  const libc = dlopen('libc.so.6', {
    setenv: { args: [FFIType.cstring, FFIType.cstring, FFIType.i32], returns: FFIType.i32 },
  })
  libc.symbols.setenv(Buffer.from(`${variable}\0`), Buffer.from(`${ioThreads}\0`), 0)
  libc.close()
}
