/** Where the parts of an installation are: in the system, or in the folders of one user (spec §7). */
import { join } from 'node:path'
import { findPaths, type Paths } from '../system/paths.ts'

interface Places {
  paths: Paths
  /** Folder of the units that setup writes. */
  unitDir: string
  /** The command that people type: a link to the executable of `current`. */
  command: string
  /** A path that exists while systemd runs; for the user's own manager, its runtime folder. */
  managerMark: string
}

export interface SystemLayout extends Places {
  scope: 'system'
  sysusers: string
  tmpfiles: string
  polkitRules: string
  /** One of them exists if polkit is installed. */
  polkitPrograms: readonly string[]
}

export interface UserLayout extends Places {
  scope: 'user'
  user: string
  /** A path that exists while the user's units may run without a session. */
  lingerMark: string
}

export type Layout = SystemLayout | UserLayout

/** The users that the API and the backends run as. */
export const apiUser = 'hal0'

/** @param root for tests: a folder that stands for `/` */
export const systemLayout = (root = '/'): SystemLayout => ({
  scope: 'system',
  paths: findPaths({ HAL0_ROOT: root }, true),
  unitDir: join(root, 'etc/systemd/system'),
  command: join(root, 'usr/bin/hal0'),
  managerMark: join(root, 'run/systemd/system'),
  sysusers: join(root, 'usr/lib/sysusers.d/hal0.conf'),
  tmpfiles: join(root, 'usr/lib/tmpfiles.d/hal0.conf'),
  polkitRules: join(root, 'etc/polkit-1/rules.d/50-hal0.rules'),
  polkitPrograms: ['usr/lib/polkit-1/polkitd', 'usr/libexec/polkitd'].map((path) => join(root, path)),
})

export interface UserFacts {
  name: string
  uid: number
  home: string
}

/** @param root for tests: a folder that stands for `/`, except for the home */
export const userLayout = ({ name, uid, home }: UserFacts, root = '/'): UserLayout => ({
  scope: 'user',
  paths: findPaths({ HOME: home }, false),
  unitDir: join(home, '.config/systemd/user'),
  command: join(home, '.local/bin/hal0'),
  managerMark: join(root, `run/user/${uid}/systemd`),
  user: name,
  lingerMark: join(root, 'var/lib/systemd/linger', name),
})

/** The command line that people type to run `verb` on this installation. */
export const commandFor = ({ scope }: Layout, verb: string): string =>
  scope === 'user' ? `hal0 ${verb}${verb === 'setup' ? ' --user' : ''}` : `sudo hal0 ${verb}`
