/** The API as a systemd unit. */
import { Hal0Error } from '../lib/hal0-error.ts'
import { readDaemonAddress } from '../system/daemon-address.ts'
import { apiUnit as unit } from '../system/systemd/hosting.ts'
import { Journal } from '../system/systemd/journal/journal.ts'
import { makeSystemctl, refusalOf, type Scope } from '../system/systemd/unit/systemctl.ts'
import { parseUnitState, shownProperties } from '../system/systemd/unit/unit-state.ts'
import type { ApiService, ApiState } from './host.ts'

/** A stop that drains streams may last as long as systemd allows: TimeoutStopSec, 75 s, or 90 s in older units. */
const restartMs = 100_000
const answerMs = 2000
/** A service that systemd has restarted so often since its last manual start keeps ending by itself. */
const crashes = 5
const shownLines = 20

/** How the API is asked: over the socket that its data folder names, else with the key, if it requires one. */
interface Reach {
  data: string
  key: string | null
}

/** The version that answers at `url`; null when nothing answers with a version. */
const askApi = async (url: string, { key, data }: Reach): Promise<string | null> => {
  const socket = readDaemonAddress(data)?.socket ?? null
  try {
    const response = await fetch(`${url}/api/status`, {
      signal: AbortSignal.timeout(answerMs),
      redirect: 'manual',
      headers: key === null || socket !== null ? {} : { authorization: `Bearer ${key}` },
      // A Bun option: the environment's proxy must not be used for this machine.
      ...(socket === null ? { proxy: false } : { unix: socket }),
    } as unknown as RequestInit)
    const body = (await response.json()) as { version?: unknown } | null
    return typeof body?.version === 'string' ? body.version : null
  } catch {
    // During its start nothing answers, or something that is not hal0. That is not an error, it means "not yet".
    return null
  }
}

/**
 * @param url of the API, e.g. http://127.0.0.1:8080
 */
export const systemdService = (scope: Scope, url: string, reach: Reach): ApiService => {
  const systemctl = makeSystemctl(scope)
  const patient = makeSystemctl(scope, null, restartMs)
  return {
    async state(): Promise<ApiState> {
      const answer = await systemctl.run(['show', unit, `--property=${[...shownProperties, 'NRestarts'].join(',')}`])
      if (answer.code !== 0) throw refusalOf(unit, 'show', answer)
      const { loaded, active } = parseUnitState(answer.stdout)
      if (!loaded) throw new Hal0Error('supervisor.failed', `systemd has no ${unit}. Run: hal0 setup`)
      if (active === 'inactive') return 'stopped'
      // systemd restarts a service that crashes for ever; a manual start resets the count to 0.
      const restarts = Number(/^NRestarts=(\d+)$/m.exec(answer.stdout)?.[1] ?? 0)
      return active === 'failed' || restarts >= crashes ? 'failed' : 'running'
    },
    async restart() {
      // A version that kept dying may have used up the start limit, and the next one must not pay for it. If this fails, there was
      // nothing to reset.
      await systemctl.run(['reset-failed', unit])
      const answer = await patient.run(['restart', unit])
      if (answer.code !== 0) throw refusalOf(unit, 'restart', answer)
    },
    version: () => askApi(url, reach),
    lastLines: async (since) => {
      const { lines } = await new Journal(scope).last({ unit, since }, shownLines)
      return lines.map(({ text }) => text)
    },
  }
}
