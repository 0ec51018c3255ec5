/** Tries a change of the settings before it is written, so that it cannot keep a daemon from starting. */
import type { SettingsPatch } from '../../contract/settings.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { requireSupervisor } from '../choose-supervisor.ts'
import { checkListening } from '../listen-scope.ts'
import type { Paths } from '../paths.ts'
import type { ServerSettings } from './server-config.ts'
import { tryListen } from './try-listen.ts'

/** What knows the engines of this machine. */
export interface EngineFinder {
  /** @throws Hal0Error `engine.not_installed` */
  find(provider: string, engine: string): Promise<unknown>
}

/** @throws Hal0Error `engine.not_found`, and `request.invalid` for an unknown provider */
const requireEngine = async (engines: EngineFinder, provider: string, engine: string): Promise<void> => {
  try {
    await engines.find(provider, engine)
  } catch (error) {
    if (!(error instanceof Hal0Error) || error.code !== 'engine.not_installed') throw error
    const message = `${engine} is neither an installed engine nor a program. See: hal0 engine list`
    throw new Hal0Error('engine.not_found', message, { param: `engines.${provider}`, cause: error })
  }
}

/**
 * @param ownPort the port that this daemon listens on; null: no daemon runs
 * @returns a trial of the new settings; it throws a Hal0Error that says what would fail
 */
export const settingsTrial =
  (paths: Paths, engines: EngineFinder, ownPort: number | null) =>
  async (next: ServerSettings, patch: SettingsPatch): Promise<void> => {
    const { supervisor, host, port, engines: chosen } = patch
    if (supervisor !== undefined) requireSupervisor(next, paths)
    // This daemon itself listens on its own port, so then only the address is tested.
    if (host !== undefined || port !== undefined) await tryListen(next.host, next.port === ownPort ? 0 : next.port)
    if (host !== undefined || patch.behind_proxy !== undefined) checkListening(next.host, next.behindProxy)
    for (const [provider, engine] of Object.entries(chosen ?? {})) {
      if (engine !== null) await requireEngine(engines, provider, engine)
    }
  }
