/** Executes a backend. */
import { isAbsolute } from 'node:path'
import { errnoOf } from '../files/storage-error.ts'
import { spawnFailed } from '../spawn-error.ts'
import type { LaunchSpec } from '../supervisor.ts'
import { markVariable } from './family/instance-mark.ts'

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
 * Starts the program in its own session, so that neither the daemon's death nor Ctrl-C in its terminal affects it. Its output goes
 * directly to a file, since a pipe would break with the daemon. Bun resets the ignored signals (SIGPIPE, SIGXFSZ) and leaks no
 * descriptor into the child.
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
