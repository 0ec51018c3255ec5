/** A service that was started a moment ago: `systemctl restart hal0` returns before the daemon listens. */
import { readServiceState } from '../../../install/service/service-state.ts'
import { daemonAnswers } from '../../../system/daemon-answers.ts'
import { hostingHere, scopeOfHosting, thisCaller } from '../../../system/systemd/hosting.ts'
import { makeSystemctl } from '../../../system/systemd/unit/systemctl.ts'
import { knownDaemon } from './known-daemon.ts'

/** A daemon that takes over many slots listens within a second; a loaded machine takes longer. */
const patienceMs = 10_000
const lookEveryMs = 100
const systemctlLimitMs = 5_000

/**
 * Waits for the installed service, as long as it runs.
 * @returns whether it answers now; false at once where there is no service, or it does not run
 */
export const serviceComes = async (): Promise<boolean> => {
  const scope = scopeOfHosting(hostingHere(thisCaller()))
  if (scope === null) return false
  const systemctl = makeSystemctl(scope, null, systemctlLimitMs)
  const end = performance.now() + patienceMs
  while (performance.now() < end) {
    const daemon = knownDaemon()
    if (daemon !== null && (await daemonAnswers(daemon.url))) return true
    try {
      if (!(await readServiceState(systemctl)).active) return false
    } catch {
      // systemd does not answer: nothing is known about the service.
      return false
    }
    await Bun.sleep(lookEveryMs)
  }
  return false
}
