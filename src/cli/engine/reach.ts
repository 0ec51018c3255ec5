import { daemonOrLocal } from '../api/daemon-or-local.ts'
import type { LocalEngines } from '../host/local-engines.ts'

/**
 * Asks the daemon, or manages the engines of this machine: a fresh machine gets its engine before its daemon.
 * @throws whatever `daemon` or `local` throws
 */
export const daemonOrLocalEngines = <T>(
  daemon: () => Promise<T>,
  local: (engines: LocalEngines) => Promise<T>,
): Promise<T> =>
  daemonOrLocal(daemon, async () => {
    const { openLocalEngines } = await import('../host/local-engines.ts')
    return await local(openLocalEngines())
  })
