/** Whether this installation's slots can be systemd units: the template is installed and systemd runs (spec §7). */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { findPaths, type Paths } from '../paths.ts'
import type { Scope } from './unit/systemctl.ts'

export type FoundSystemd = { scope: Scope } | { scope: null; reason: Hal0Error }

/** Folders where a template unit may be (systemd.unit(5)), the administrator's first. */
export const unitFolders: Record<Scope, (env: Record<string, string | undefined>) => string[]> = {
  system: () => [
    '/etc/systemd/system',
    '/run/systemd/system',
    '/usr/local/lib/systemd/system',
    '/usr/lib/systemd/system',
    '/lib/systemd/system',
  ],
  user: (env) => [join(env.HOME ?? '', '.config/systemd/user'), '/etc/systemd/user', '/usr/lib/systemd/user'],
}

/**
 * Whose systemd has the units for these folders. An installed template uses the standard folders of its scope, so that a daemon
 * with other folders (HAL0_ROOT) has no units.
 */
export const scopeOf = (paths: Paths, env: Record<string, string | undefined>): Scope | null => {
  const home = { HOME: env.HOME }
  if (paths.data === findPaths({}, true).data) return 'system'
  return paths.data === findPaths(home, false).data ? 'user' : null
}

const failed = (sentence: string): FoundSystemd => ({
  scope: null,
  reason: new Hal0Error('supervisor.failed', `${sentence} Use --supervisor process.`),
})

/** Whether that systemd is running: by sd_booted(3), or for a user's manager by its socket. */
const answers = (scope: Scope, env: Record<string, string | undefined>, exists: (path: string) => boolean): boolean =>
  scope === 'system'
    ? exists('/run/systemd/system')
    : exists(join(env.XDG_RUNTIME_DIR ?? '/nonexistent', 'systemd/private'))

/**
 * Decides by files alone: if systemd hangs for a moment, the daemon must not choose another supervisor, which would not know the
 * running backends.
 * @param exists for tests
 */
export const findSystemd = (
  paths: Paths,
  env: Record<string, string | undefined>,
  exists: (path: string) => boolean = existsSync,
): FoundSystemd => {
  const scope = scopeOf(paths, env)
  if (scope === null) {
    return failed(`Slots below ${paths.data} cannot be systemd units, which only know the usual folders.`)
  }
  if (!answers(scope, env, exists)) {
    return failed(scope === 'system' ? 'This machine was not booted by systemd.' : "The user's systemd does not run.")
  }
  if (unitFolders[scope](env).some((folder) => exists(join(folder, 'hal0-slot@.service')))) return { scope }
  return failed(
    `The unit hal0-slot@.service is not installed. Run: ${scope === 'system' ? 'sudo hal0 setup' : 'hal0 setup --user'}.`,
  )
}
