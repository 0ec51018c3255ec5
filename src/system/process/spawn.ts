/** Executes a backend, and says in a sentence why that failed. */
import { existsSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { errnoOf } from '../storage-error.ts'
import type { LaunchSpec } from '../supervisor.ts'
import { markVariable } from './instance-mark.ts'

const reason = (errno: string | null, program: string, cwd: string): string => {
  switch (errno) {
    case 'ENOENT':
      if (!existsSync(cwd)) return `its working folder ${cwd} does not exist.`
      if (!existsSync(program)) return `the program ${program} does not exist. Install the engine again.`
      return `the interpreter or loader that ${program} asks for does not exist. Install the engine again.`
    case 'ENOTDIR':
      return `a part of the path of ${program} or of ${cwd} is not a folder.`
    case 'EACCES':
    case 'EPERM':
      return `${program} may not be executed. Check that it is a file with the execute permission, and not on a file system mounted noexec.`
    case 'ENOEXEC':
      return `${program} is not a program that this machine can run. Install the engine for this kind of processor.`
    case 'E2BIG':
      return 'its arguments and environment are too long. Shorten extra_args.'
    case 'ENOMEM':
      return 'the machine has no memory left for another process. Unload another slot and try again.'
    case 'EAGAIN':
      return 'the limit of processes is reached. End some, or raise the limit, and try again.'
    case 'EMFILE':
    case 'ENFILE':
      return 'the limit of open files is reached. Raise it and try again.'
    case 'ERR_INVALID_ARG_VALUE':
      return 'an argument or variable holds a NUL byte, which no program can be given.'
    default:
      return `the system answered ${errno ?? 'with an unknown error'} for ${program}.`
  }
}

const spawnFailed = (spec: LaunchSpec, errno: string | null, cause: unknown): Hal0Error => {
  const program = spec.argv[0] ?? ''
  const why = reason(errno, program, spec.cwd)
  return new Hal0Error('slot.spawn_failed', `Slot ${spec.name} could not be started: ${why}`, {
    details: { argv0: program, errno, cwd: spec.cwd },
    cause,
  })
}

/** How a child of this process ended. */
export interface ChildExit {
  exitCode: number | null
  signal: string | null
}

// Bun names the classic signals and gives the number of a real-time one; the C library's first real-time signal is 34.
const signalName = (signal: string | number | null): string | null =>
  typeof signal === 'number' ? `SIGRTMIN+${signal - 34}` : signal

/** A started program. */
export interface Child {
  pid: number
  ended: Promise<ChildExit>
}

/**
 * Starts the program in a session of its own, so that neither the daemon's death nor a Ctrl-C in its terminal reaches it, and
 * with its output going straight to a file: a pipe would break with the daemon. Bun resets the ignored signals (SIGPIPE,
 * SIGXFSZ) and leaks no descriptor into the child.
 * @param logFile descriptor for stdout and stderr, opened for appending
 * @throws Hal0Error `slot.spawn_failed`
 */
export const spawnBackend = (spec: LaunchSpec, mark: string, logFile: number): Child => {
  if (!isAbsolute(spec.argv[0] ?? '')) throw spawnFailed(spec, 'ENOENT', 'argv[0] is not an absolute path')
  const { promise, resolve } = Promise.withResolvers<ChildExit>()
  try {
    const child = Bun.spawn(spec.argv, {
      cwd: spec.cwd,
      env: { ...spec.env, [markVariable]: mark },
      stdio: ['ignore', logFile, logFile],
      detached: true,
      onExit: (_child, exitCode, signal) => resolve({ exitCode, signal: signalName(signal) }),
    })
    child.unref()
    return { pid: child.pid, ended: promise }
  } catch (error) {
    throw spawnFailed(spec, errnoOf(error), error)
  }
}
