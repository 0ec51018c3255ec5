/** Tries a change of the settings before it is written, so that it cannot keep a daemon from starting. */
import type { SettingsPatch } from '../contract/settings.ts'
import { Hal0Error } from '../lib/hal0-error.ts'
import type { Engines } from '../providers/engines/engines.ts'
import { requireSupervisor } from '../system/choose-supervisor.ts'
import type { ServerSettings } from '../system/config/server-config.ts'
import type { Paths } from '../system/paths.ts'
import { tryListen } from './try-listen.ts'

/** @throws Hal0Error `engine.not_found`, and `request.invalid` for an unknown provider */
const requireEngine = async (engines: Pick<Engines, 'find'>, provider: string, engine: string): Promise<void> => {
  try {
    await engines.find(provider, engine)
  } catch (error) {
    if (!(error instanceof Hal0Error) || error.code !== 'engine.not_installed') throw error
    const message = `${engine} is neither an installed engine nor a program. See: hal0 engine list`
    throw new Hal0Error('engine.not_found', message, { param: `engines.${provider}`, cause: error })
  }
}

/**
 * @param ownPort the port that this daemon listens on
 * @returns a trial of the new settings; it throws a Hal0Error that says what would fail
 */
export const settingsTrial =
  (paths: Paths, engines: Pick<Engines, 'find'>, ownPort: number) =>
  async (next: ServerSettings, { supervisor, host, port, engines: chosen }: SettingsPatch): Promise<void> => {
    if (supervisor !== undefined) requireSupervisor(next, paths)
    // This daemon itself listens on its own port, so then only the address is tested.
    if (host !== undefined || port !== undefined) await tryListen(next.host, next.port === ownPort ? 0 : next.port)
    for (const [provider, engine] of Object.entries(chosen ?? {})) {
      if (engine !== null) await requireEngine(engines, provider, engine)
    }
  }
