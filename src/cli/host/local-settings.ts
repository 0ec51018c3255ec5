/**
 * The settings of this machine's daemon while none runs: the same code, and the same checks, as in the daemon. People set the port
 * when it is taken, which is when no daemon starts.
 */
import type { Settings, SettingsPatch } from '../../contract/settings.ts'
import { openHub } from '../../models/hub/client/hub-setup.ts'
import { Engines } from '../../providers/engines/engines.ts'
import { providerNames, providerTable } from '../../providers/table.ts'
import { serverSettings } from '../../system/config/server-config.ts'
import { ServerSettingsFile, type SettingsService } from '../../system/config/settings.ts'
import { settingsTrial } from '../../system/config/settings-trial.ts'
import { configFile, hubTokenFile } from '../../system/paths.ts'
import { keepingOwner, localPaths } from './local-config.ts'

/** What the next daemon will start with. */
const atNextStart = (settings: Settings): Settings => ({ ...settings, restart_needed: false })

export const openLocalSettings = (): SettingsService => {
  const paths = localPaths()
  const engines = new Engines(
    paths,
    process.env,
    providerTable.map(({ engine }) => engine),
  )
  const file = new ServerSettingsFile({
    paths,
    options: {},
    // The daemon's environment is not this one: what counts is in the file.
    endpoint: null,
    providers: providerNames,
    started: serverSettings({}, {}),
    token: openHub({}, [], hubTokenFile(paths)).token,
    trial: settingsTrial(paths, engines, null),
    apply: () => {},
  })
  return {
    show: async () => atNextStart(await file.show()),
    edit: (patch: SettingsPatch) => keepingOwner(configFile(paths), async () => atNextStart(await file.edit(patch))),
  }
}
