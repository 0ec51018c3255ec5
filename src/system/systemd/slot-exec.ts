/**
 * `hal0 slot-exec NAME`, the ExecStart of the template unit: replaces itself with the slot's backend. ExecStart itself could not hold
 * arguments and an environment that change with every start and contain newlines and quotes; a launch file can.
 */
import { dlopen, FFIType, ptr, read } from 'bun:ffi'
import { readFileSync } from 'node:fs'
import { errnoOf } from '../files/storage-error.ts'
import type { Paths } from '../paths.ts'
import { slotDir } from '../paths.ts'
import { type LaunchRecord, launchFile, parseLaunchRecord } from './launch-file.ts'
import { launchStatus } from './launch-outcome.ts'

const lastSignal = 64
/** Bytes of glibc's sigset_t. */
const signalSetBytes = 128
/** `how` of sigprocmask(2). */
const setMask = 2

/** Commands and a flag of fcntl(2), on x86-64 and arm64. */
const getFlags = 3
const setFlags = 4
const nonBlocking = 0o4000

/** The values of errno(3) on Linux that execve(2) can return. */
const errnoNames: Readonly<Record<number, string>> = {
  1: 'EPERM',
  2: 'ENOENT',
  5: 'EIO',
  7: 'E2BIG',
  8: 'ENOEXEC',
  11: 'EAGAIN',
  12: 'ENOMEM',
  13: 'EACCES',
  20: 'ENOTDIR',
  23: 'ENFILE',
  24: 'EMFILE',
  26: 'ETXTBSY',
  40: 'ELOOP',
}

/** An array of pointers to NUL-terminated strings, ended by a null pointer; `keep` keeps the strings alive. */
const stringArray = (strings: readonly string[], keep: Uint8Array[]): BigUint64Array => {
  const pointers = new BigUint64Array(strings.length + 1)
  for (const [index, text] of strings.entries()) {
    const bytes = Buffer.from(`${text}\0`)
    keep.push(bytes)
    pointers[index] = BigInt(ptr(bytes))
  }
  return pointers
}

/** Replaces this process. @returns the errno if that failed */
const execve = ({ argv, env }: LaunchRecord): string => {
  const libc = dlopen('libc.so.6', {
    execve: { args: [FFIType.ptr, FFIType.ptr, FFIType.ptr], returns: FFIType.i32 },
    signal: { args: [FFIType.i32, FFIType.u64], returns: FFIType.u64 },
    fcntl: { args: [FFIType.i32, FFIType.i32, FFIType.i32], returns: FFIType.i32 },
    sigprocmask: { args: [FFIType.i32, FFIType.ptr, FFIType.ptr], returns: FFIType.i32 },
    __errno_location: { args: [], returns: FFIType.ptr },
  })
  const { symbols } = libc
  const keep: Uint8Array[] = []
  const path = Buffer.from(`${argv[0]}\0`)
  const words = stringArray(argv, keep)
  const variables = stringArray(
    Object.entries(env).map(([name, value]) => `${name}=${value}`),
    keep,
  )
  // Ignored and blocked signals stay so across execve, and Bun ignores SIGPIPE. A backend must not inherit that.
  const emptySet = new Uint8Array(signalSetBytes)
  for (let number = 1; number <= lastSignal; number++) symbols.signal(number, 0n)
  symbols.sigprocmask(setMask, ptr(emptySet), null)
  // Bun makes them non-blocking, and the backend inherits that: a burst would lose what journald did not take at once.
  for (const fd of [0, 1, 2]) symbols.fcntl(fd, setFlags, symbols.fcntl(fd, getFlags, 0) & ~nonBlocking)
  symbols.execve(ptr(path), ptr(words), ptr(variables))
  const location = symbols.__errno_location()
  return location === null ? '' : (errnoNames[read.i32(location, 0)] ?? '')
}

/**
 * Becomes the backend of slot `name`. Returns only if that failed.
 * @param say prints the reason (to the journal)
 * @returns the exit status that tells the daemon why
 */
export const slotExec = (paths: Paths, name: string, say: (sentence: string) => void): number => {
  const file = launchFile(slotDir(paths, name))
  let record: LaunchRecord
  try {
    record = parseLaunchRecord(readFileSync(file, 'utf8'))
  } catch (error) {
    say(`hal0 slot-exec: ${file} cannot be used: ${error instanceof Error ? error.message : String(error)}`)
    return launchStatus('ELAUNCH')
  }
  try {
    process.chdir(record.cwd)
  } catch (error) {
    const errno = errnoOf(error) ?? ''
    say(`hal0 slot-exec: the folder ${record.cwd} cannot be entered: ${errno}`)
    return launchStatus(errno)
  }
  const errno = execve(record)
  say(`hal0 slot-exec: ${record.argv[0]} cannot be executed: ${errno}`)
  return launchStatus(errno)
}
