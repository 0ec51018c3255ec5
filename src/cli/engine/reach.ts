import { urlIsConfigured } from '../api/connection.ts'
import type { LocalEngines } from '../host/local-engines.ts'
import { exitCode } from '../terminal/exit-code.ts'
import { Failure } from '../terminal/failure.ts'

/**
 * Asks the daemon. If none runs and HAL0_URL names none, acts on this machine: a fresh machine gets its engine before its daemon.
 * @throws whatever `daemon` or `local` throws
 */
export const daemonOrLocal = async <T>(
  daemon: () => Promise<T>,
  local: (engines: LocalEngines) => Promise<T>,
): Promise<T> => {
  try {
    return await daemon()
  } catch (error) {
    if (!(error instanceof Failure) || error.exitCode !== exitCode.unreachable || urlIsConfigured()) throw error
    const { openLocalEngines } = await import('../host/local-engines.ts')
    return local(openLocalEngines())
  }
}
