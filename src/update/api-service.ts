/** The API as a unit of systemd. */
import { Hal0Error } from '../lib/hal0-error.ts'
import { Journal } from '../system/systemd/journal/journal.ts'
import { makeSystemctl, refusalOf, type Scope } from '../system/systemd/unit/systemctl.ts'
import { parseUnitState, shownProperties } from '../system/systemd/unit/unit-state.ts'
import type { ApiService, ApiState } from './host.ts'

const unit = 'hal0.service'
/** A stop that drains streams may last as long as systemd allows: TimeoutStopSec, 75 s, or 90 s in units of before. */
const restartMs = 100_000
const answerMs = 2000
/** A service that systemd has started so often anew since its last start by hand ends each time by itself. */
const crashes = 5
const shownLines = 20

/** The version that answers at `url`; null when nothing that says its version does. */
const askApi = async (url: string, key: string | null): Promise<string | null> => {
  try {
    const response = await fetch(`${url}/api/status`, {
      signal: AbortSignal.timeout(answerMs),
      redirect: 'manual',
      headers: key === null ? {} : { authorization: `Bearer ${key}` },
      // Bun's own: the proxy of the environment is not for this machine.
      proxy: false,
    } as unknown as RequestInit)
    const body = (await response.json()) as { version?: unknown } | null
    return typeof body?.version === 'string' ? body.version : null
  } catch {
    // While it starts there is nobody, or somebody who is no hal0 yet: not an error but the answer "not yet".
    return null
  }
}

/**
 * @param url of the API, e.g. http://127.0.0.1:8080
 * @param key where the API asks for one
 */
export const systemdService = (scope: Scope, url: string, key: string | null): ApiService => {
  const systemctl = makeSystemctl(scope)
  const patient = makeSystemctl(scope, null, restartMs)
  return {
    async state(): Promise<ApiState> {
      const answer = await systemctl.run(['show', unit, `--property=${[...shownProperties, 'NRestarts'].join(',')}`])
      if (answer.code !== 0) throw refusalOf(unit, 'show', answer)
      const { loaded, active } = parseUnitState(answer.stdout)
      if (!loaded) throw new Hal0Error('supervisor.failed', `systemd has no ${unit}. Run: hal0 setup`)
      if (active === 'inactive') return 'stopped'
      // systemd starts the service again for ever; by hand started anew, it counts from 0.
      const restarts = Number(/^NRestarts=(\d+)$/m.exec(answer.stdout)?.[1] ?? 0)
      return active === 'failed' || restarts >= crashes ? 'failed' : 'running'
    },
    async restart() {
      // A version that died again and again has used up its starts; the one that follows must not pay for it. There is nothing to
      // reset where this fails.
      await systemctl.run(['reset-failed', unit])
      const answer = await patient.run(['restart', unit])
      if (answer.code !== 0) throw refusalOf(unit, 'restart', answer)
    },
    version: () => askApi(url, key),
    lastLines: async (since) => (await new Journal(scope).last({ unit, since }, shownLines)).lines,
  }
}
