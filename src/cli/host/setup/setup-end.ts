/** Gathers what setup's last screen says. */
import { hostname, networkInterfaces } from 'node:os'
import { findHubProblem } from '../../../install/doctor/find/hub.ts'
import { type Installation, installedUrl } from '../../../install/installation.ts'
import { LocalApi } from '../../../install/service/local-api.ts'
import { firstInstall } from '../../../providers/table.ts'
import { readServerSettings } from '../../../system/config/server-config.ts'
import { hostingCommands } from '../../../system/systemd/hosting.ts'
import { openLocalEngines } from '../local-engines.ts'
import type { FirstSteps } from './first-steps.ts'

/** Addresses of this machine in its network, IPv4 first, then its names. */
const namesHere = (): string[] => {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  const outer = addresses.filter(({ internal, family }) => !internal && family === 'IPv4').map(({ address }) => address)
  return outer.length === 0 ? [] : [...new Set([outer[0] ?? '', hostname(), `${hostname()}.local`])]
}

/** What the catalog has to begin with: from the hub, or where that cannot be reached, from the package index. */
const firstModel = async (api: LocalApi, mirrors: readonly string[]): Promise<string | null> => {
  const { first, withoutHub } = (await api.firstModels()) ?? { first: null, withoutHub: null }
  return (await findHubProblem(mirrors)) === null ? (first ?? withoutHub) : withoutHub
}

/** @throws Hal0Error */
export const setupEnd = async (installation: Installation, version: string): Promise<FirstSteps> => {
  const { layout } = installation
  const settings = await readServerSettings(layout.paths, {})
  const url = await installedUrl(installation)
  const api = new LocalApi(url, layout.paths.data)
  const slots = (await api.slots()) ?? []
  const engines = await openLocalEngines(layout.paths).list()
  const slot = slots[0]?.name ?? null
  return {
    version,
    url,
    host: settings.host,
    names: namesHere(),
    restart: hostingCommands(layout.scope === 'system' ? 'service' : 'user-service', process.getuid?.() === 0).restart,
    installEngine: engines.length > 0 ? null : firstInstall,
    slot,
    model: slot === null ? await firstModel(api, settings.mirrors) : null,
    unknownCommand: Bun.which('hal0') === null ? layout.command : null,
  }
}
