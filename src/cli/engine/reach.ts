import { urlIsConfigured } from '../api/connection.ts'
import { noDaemonHere } from '../host/known-daemon.ts'
import type { LocalEngines } from '../host/local-engines.ts'

/**
 * Asks the daemon. If none runs and HAL0_URL names none, acts on this machine: a fresh machine gets its engine before its daemon.
 * @throws whatever `daemon` or `local` throws
 */
export const daemonOrLocal = async <T>(
  daemon: () => Promise<T>,
  local: (engines: LocalEngines) => Promise<T>,
): Promise<T> => {
  if (urlIsConfigured() || !(await noDaemonHere())) return await daemon()
  const { openLocalEngines } = await import('../host/local-engines.ts')
  return await local(openLocalEngines())
}
