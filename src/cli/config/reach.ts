import type { Settings, SettingsPatch } from '../../contract/settings.ts'
import { call } from '../api/client.ts'
import { daemonOrLocal } from '../api/daemon-or-local.ts'
import { talk } from '../terminal/output.ts'

const openLocal = async () => {
  const { openLocalSettings } = await import('../host/local-settings.ts')
  return openLocalSettings()
}

/** The settings of the daemon, or those in the hal0.toml of this machine if none runs. @throws Failure, Hal0Error */
export const showSettings = (): Promise<Settings> =>
  daemonOrLocal(
    () => call('showSettings', {}),
    async () => {
      const settings = await (await openLocal()).show()
      talk.log(`The daemon is not running; this is what ${settings.file} says.`)
      return settings
    },
  )

/** Changes them. @throws Failure, Hal0Error */
export const editSettings = (patch: SettingsPatch): Promise<Settings> =>
  daemonOrLocal(
    () => call('editSettings', { body: patch }),
    async () => {
      const settings = await (await openLocal()).edit(patch)
      talk.log(`The daemon is not running; this takes effect at its start. The file is ${settings.file}`)
      return settings
    },
  )
