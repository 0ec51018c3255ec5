/** Core dumps of the daemon and of backends would have keys, tokens and prompts in them: none are written. */
import { dlopen, FFIType, ptr } from 'bun:ffi'
import { log } from '../../lib/log.ts'

/** RLIMIT_CORE of setrlimit(2), on x86-64 and arm64. */
const coreLimit = 4

/**
 * Sets the limit of core files to 0, for this process and for what it starts from now on. Units have LimitCORE=0 besides, since their
 * processes are started by systemd.
 */
export const forbidCoreDumps = (): void => {
  try {
    const { symbols, close } = dlopen('libc.so.6', {
      setrlimit: { args: [FFIType.i32, FFIType.ptr], returns: FFIType.i32 },
    })
    // The soft and the hard limit.
    if (symbols.setrlimit(coreLimit, ptr(new BigUint64Array(2))) !== 0) log.warn('core dumps could not be turned off')
    close()
  } catch (error) {
    log.warn('core dumps could not be turned off', error)
  }
}
