/** A daemon in the background that dies is started again by the command that waits for it: nothing else would do that. */
import { daemonDied } from '../../../system/daemon-address.ts'
import { findPaths } from '../../../system/paths.ts'
import { hostingHere, thisCaller } from '../../../system/systemd/hosting.ts'
import { urlIsConfigured } from '../../api/connection.ts'
import { talk } from '../../terminal/output.ts'
import { ownDaemon } from '../address/known-daemon.ts'
import { startOwn } from './start-own.ts'

const lookEveryMs = 200

/** Ends with an error only: when the daemon cannot be started again, or the signal aborts. */
const guard = async (signal: AbortSignal): Promise<never> => {
  const paths = findPaths(process.env, process.getuid?.() === 0)
  for (;;) {
    await Bun.sleep(lookEveryMs)
    signal.throwIfAborted()
    // One that was stopped on purpose is left alone.
    if (ownDaemon() !== null || !daemonDied(paths.data)) continue
    talk.warn('the daemon has died; it is started again.')
    await startOwn(paths, null, signal)
  }
}

/**
 * Does something that may take long, with the daemon kept alive. A service is kept by systemd, and what HAL0_URL names by others.
 * @throws what `work` throws; why the daemon cannot be started again
 */
export const keepingDaemon = async <T>(work: () => Promise<T>): Promise<T> => {
  const hosting = hostingHere(thisCaller())
  const isOurs = hosting === 'checkout' || hosting === 'by-hand'
  if (urlIsConfigured() || !isOurs || ownDaemon() === null) return await work()
  const ended = new AbortController()
  const guarding = guard(ended.signal)
  // After the work it ends because it was told to.
  guarding.catch(() => {})
  try {
    return await Promise.race([work(), guarding])
  } finally {
    ended.abort()
  }
}
