/** Why a backend could not be executed, in a sentence. */
import { existsSync } from 'node:fs'
import { Hal0Error } from '../lib/hal0-error.ts'
import type { LaunchSpec } from './supervisor.ts'

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

/** @param errno why the program was not executed, as the system named it; null when it did not */
export const spawnFailed = (spec: LaunchSpec, errno: string | null, cause: unknown): Hal0Error => {
  const program = spec.argv[0] ?? ''
  const why = reason(errno, program, spec.cwd)
  return new Hal0Error('slot.spawn_failed', `Slot ${spec.name} could not be started: ${why}`, {
    details: { argv0: program, errno, cwd: spec.cwd },
    cause,
  })
}
