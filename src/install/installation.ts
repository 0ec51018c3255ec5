/** An installation on this machine, with the tools to inspect and change it. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { localUrl, readServerSettings } from '../system/config/server-config.ts'
import { daemonAnswers } from '../system/daemon-answers.ts'
import { apiUnit } from '../system/systemd/hosting.ts'
import { makeSystemctl, type Systemctl } from '../system/systemd/unit/systemctl.ts'
import { type Layout, systemLayout, userLayout } from './layout.ts'
import { hostPrograms, type Programs } from './programs.ts'
import { type Circumstances, managerRefusal, requireInstalled, setupRefusal } from './refusal.ts'
import { type HealthPort, waitHealthy } from './service/health.ts'
import { serviceTail } from './service/journal-tail.ts'
import { LocalApi } from './service/local-api.ts'
import { readServiceState } from './service/service-state.ts'
import type { SetupTools } from './setup-plan.ts'
import type { UninstallTools } from './uninstall-plan.ts'

export interface Installation {
  layout: Layout
  programs: Programs
  systemctl: Systemctl
}

/** A stop waits for requests in flight and for slots, which takes longer than the calls that the daemon makes. */
const systemctlLimitMs = 60_000

const isRoot = (): boolean => process.getuid?.() === 0

/** The home comes from the name service, as systemd's %h does; HOME may be another folder. */
export const layoutOf = async (scope: Layout['scope']): Promise<Layout> => {
  if (scope === 'system') return systemLayout()
  const uid = process.getuid?.() ?? 0
  const [name = '', , , , , home = ''] = (await hostPrograms.run('getent', ['passwd', String(uid)])).trim().split(':')
  return userLayout({ name, uid, home })
}

export const circumstances = (layout: Layout): Circumstances => ({
  isRoot: isRoot(),
  isCompiled: import.meta.dir.startsWith('/$bunfs'),
  hasManager: existsSync(layout.managerMark),
  root: process.env.HAL0_ROOT ?? '',
  user: layout.scope === 'user' ? layout.user : 'root',
})

/** Opens the installation at these places, whether it is there or not. */
export const open = (layout: Layout): Installation => {
  // Without a session environment, the user's own manager is found in the runtime folder.
  if (layout.scope === 'user') process.env.XDG_RUNTIME_DIR ??= join(layout.managerMark, '..')
  return { layout, programs: hostPrograms, systemctl: makeSystemctl(layout.scope, null, systemctlLimitMs) }
}

/** @throws Hal0Error `install.refused` when hal0 cannot be set up this way */
export const openForSetup = async (scope: Layout['scope']): Promise<Installation> => {
  const layout = await layoutOf(scope)
  const refusal = setupRefusal(scope, circumstances(layout))
  if (refusal !== null) throw refusal
  return open(layout)
}

/**
 * The installation that `verb` acts on: the machine's for root, otherwise the user's own.
 * @throws Hal0Error `install.refused` when there is none, or it belongs to somebody else
 */
export const openInstalled = async (verb: string): Promise<Installation> => {
  const system = await layoutOf('system')
  const layout = isRoot() ? system : await layoutOf('user')
  const has = ({ unitDir }: Layout): boolean => existsSync(join(unitDir, apiUnit))
  requireInstalled(verb, isRoot(), { system: has(system), own: has(layout) })
  const refusal = managerRefusal(layout.scope, circumstances(layout))
  if (refusal !== null) throw refusal
  return open(layout)
}

/** The address of the API according to hal0.toml. @throws Hal0Error `config.invalid`, `storage.failed` */
export const installedUrl = async ({ layout }: Installation): Promise<string> =>
  localUrl(await readServerSettings(layout.paths, {}))

/** The states of a slot that is at rest, so that a load begins something. */
const atRest = ['offline', 'error']

/**
 * @param version of this executable
 * @param port that hal0.toml has to name; null: whatever it names
 */
export const setupTools = (installation: Installation, version: string, port: number | null = null): SetupTools => {
  const { layout, programs, systemctl } = installation
  const openApi = async (): Promise<LocalApi> => new LocalApi(await installedUrl(installation), layout.paths.data)
  return {
    programs,
    port,
    systemctl,
    version,
    executable: process.execPath,
    async healthy() {
      const url = await installedUrl(installation)
      const health: HealthPort = {
        answers: () => daemonAnswers(url),
        state: () => readServiceState(systemctl),
        lastLines: () => serviceTail(layout, programs),
        sleep: (ms) => Bun.sleep(ms),
        now: () => performance.now(),
      }
      await waitHealthy(health)
    },
    async startSlots() {
      const api = await openApi()
      const resting = ((await api.slots()) ?? []).filter(({ autostart, state }) => autostart && atRest.includes(state))
      for (const { name } of resting) await api.load(name)
    },
  }
}

/** Slots that hold nothing: an unload of them is refused. */
const unloaded = [...atRest, 'pulling', 'unloading']

export const uninstallTools = (installation: Installation): UninstallTools => ({
  programs: installation.programs,
  systemctl: installation.systemctl,
  async unloadSlots() {
    // A broken hal0.toml must not keep anybody from uninstalling; systemd then ends the slots.
    const url = await installedUrl(installation).catch(() => null)
    const api = url === null ? null : new LocalApi(url, installation.layout.paths.data)
    const loaded = ((await api?.slots()) ?? []).filter(({ state }) => !unloaded.includes(state))
    await Promise.all(loaded.map(({ name }) => api?.unload(name)))
  },
})
