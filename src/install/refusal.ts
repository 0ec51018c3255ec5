/** Whether an installation can be set up, checked or removed under these circumstances. Pure. */
import { Hal0Error } from '../lib/hal0-error.ts'
import type { Hosting } from '../system/systemd/hosting.ts'
import type { Layout } from './layout.ts'

export interface Circumstances {
  isRoot: boolean
  /** The executable is a compiled hal0, not Bun running hal0's source. */
  isCompiled: boolean
  /** systemd runs and can be asked; for `--user`, the user's own manager. */
  hasManager: boolean
  /** `HAL0_ROOT`; '' when it is not set. */
  root: string
  user: string
}

const refused = (sentence: string): Hal0Error => new Hal0Error('install.refused', sentence)

/** Why systemd cannot be used, in a sentence; null when it can. */
export const managerRefusal = (
  scope: Layout['scope'],
  { hasManager, user }: Pick<Circumstances, 'hasManager' | 'user'>,
): Hal0Error | null => {
  if (hasManager) return null
  return scope === 'system'
    ? refused(
        'This machine does not run systemd (a container?). Without it, hal0 runs slots as its own processes: hal0 serve',
      )
    : refused(
        `systemd is not running units for ${user} now: log in on a console or by ssh (su and sudo do not count), or let the units run without a login: sudo loginctl enable-linger ${user}`,
      )
}

/** @returns null when nothing stands in the way */
export const setupRefusal = (scope: Layout['scope'], at: Circumstances): Hal0Error | null => {
  if (!at.isCompiled) {
    return refused(
      'hal0 runs from its source here: setup installs the executable. Build it (npm run build) and run: dist/hal0 setup',
    )
  }
  if (at.root !== '' && at.root !== '/') {
    return refused(
      'HAL0_ROOT is set, but an installation uses fixed folders. Unset it, then run: hal0 setup (bin/hal0 of a checkout sets it, and dist/hal0 does not).',
    )
  }
  if (scope === 'system' && !at.isRoot) {
    return refused('Setting hal0 up for this machine takes root: sudo hal0 setup. Only for yourself: hal0 setup --user')
  }
  if (scope === 'user' && at.isRoot) {
    return refused('--user is for a user who is not root. For this machine: hal0 setup')
  }
  return managerRefusal(scope, at)
}

/** Who wants to run the daemon, and where. */
export interface ServeCircumstances {
  isRoot: boolean
  hosting: Hosting
  /** This process is what systemd runs as hal0.service. */
  isService: boolean
}

/**
 * Root must not serve the data of the installed service: it would leave files there that the service's own user cannot read.
 * @returns null when nothing stands in the way
 */
export const serveRefusal = ({ isRoot, hosting, isService }: ServeCircumstances): Hal0Error | null => {
  if (hosting !== 'service' || !isRoot || isService) return null
  return refused(
    'hal0 is installed as a service of this machine. Served by root, its data would get files that the service cannot read. Start the service: sudo systemctl start hal0. For a second hal0 with data of its own, set HAL0_ROOT to a folder.',
  )
}

/**
 * `doctor` and `uninstall` act on the machine's installation for root, otherwise on the user's own.
 * @param verb for the message
 * @param installed whether the units of each kind exist
 * @throws Hal0Error `install.refused` when a user has no installation
 */
export const requireInstalled = (verb: string, isRoot: boolean, installed: { system: boolean; own: boolean }): void => {
  if (isRoot || installed.own) return
  throw installed.system
    ? refused(`hal0 is set up for the whole machine, so this takes root: sudo hal0 ${verb}`)
    : refused('hal0 is not set up here. For this machine: sudo hal0 setup. Only for yourself: hal0 setup --user')
}
