import type { Settings, SettingsPatch } from '../../contract/settings.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { call } from '../api/client.ts'
import { daemonOrLocal } from '../api/daemon-or-local.ts'
import { exitCode } from '../terminal/exit-code.ts'
import { Failure } from '../terminal/failure.ts'
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

/** Only the owner of the file may write it, which on an installed host is hal0's user. */
const asRoot = (error: unknown, command: string): unknown =>
  error instanceof Hal0Error && error.details.errno === 'EACCES' && process.getuid?.() !== 0
    ? new Failure(exitCode.failed, error.message, { hint: `sudo ${command}`, cause: error })
    : error

/**
 * Changes them.
 * @param command that changes them
 * @throws Failure, Hal0Error
 */
export const editSettings = (patch: SettingsPatch, command: string): Promise<Settings> =>
  daemonOrLocal(
    () => call('editSettings', { body: patch }),
    async () => {
      const settings = await (await openLocal()).edit(patch).catch((error: unknown) => {
        throw asRoot(error, command)
      })
      talk.log(`The daemon is not running; this takes effect at its start. The file is ${settings.file}`)
      return settings
    },
  )
