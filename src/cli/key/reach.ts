import { Hal0Error } from '../../lib/hal0-error.ts'
import { daemonOrLocal } from '../api/daemon-or-local.ts'
import type { LocalKeys } from '../host/local-keys.ts'
import { exitCode } from '../terminal/exit-code.ts'
import { Failure } from '../terminal/failure.ts'

/** Only hal0's user may read the file, which on an installed host is another one. */
const asRoot = (error: unknown): unknown =>
  error instanceof Hal0Error && error.details.errno === 'EACCES' && process.getuid?.() !== 0
    ? new Failure(exitCode.failed, error.message, { hint: 'the same command with sudo', cause: error })
    : error

/**
 * Asks the daemon, or changes the keys of this machine if none runs.
 * @throws whatever `daemon` or `local` throws
 */
export const daemonOrLocalKeys = <T>(daemon: () => Promise<T>, local: (keys: LocalKeys) => Promise<T>): Promise<T> =>
  daemonOrLocal(daemon, async () => {
    const { openLocalKeys } = await import('../host/local-keys.ts')
    try {
      return await local(await openLocalKeys())
    } catch (error) {
      throw asRoot(error)
    }
  })
