/** How hal0 runs here, and the commands that fit: as a service of the machine, as one of the user, from a checkout, or by hand. */
import { existsSync, realpathSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { findPaths, type Paths } from '../paths.ts'
import { scopeOf, unitFolders } from './find-systemd.ts'
import type { Scope } from './unit/systemctl.ts'

export type Hosting = 'service' | 'user-service' | 'checkout' | 'by-hand'

/** The systemd that runs hal0; null where none does. */
export const scopeOfHosting = (hosting: Hosting): Scope | null => {
  if (hosting === 'service') return 'system'
  return hosting === 'user-service' ? 'user' : null
}

/** Commands that people type. Whoever is root already is not told to use sudo, which a server may not have. */
export interface HostingCommands {
  hosting: Hosting
  /** Starts the daemon. */
  start: string
  /** Restarts the daemon; loaded models keep running. Where nobody can do that with one command, what to do in words. */
  restart: string
  /** Gives the daemon another port; it has to be started after that where it does not run. */
  usePort(port: number): string
  setup: string
  doctor: string
  /** Shows what the daemon printed; null where it prints to a terminal or a file of its own. */
  journal: string | null
}

export interface Caller {
  env: Record<string, string | undefined>
  isRoot: boolean
  /** Path of the running executable, with links resolved; of `src/main.ts` where hal0 runs from source. */
  program: string
  /** The folder that commands are typed in. */
  cwd: string
  /** For tests. */
  exists?: (path: string) => boolean
  /** The program that the shell would find for `hal0`, with links resolved; null: none. For tests. */
  found?: () => string | null
}

const foundOnPath = (env: Caller['env']): string | null => {
  const path = Bun.which('hal0', { PATH: env.PATH ?? '' })
  return path === null ? null : realpathSync(path)
}

/** The caller that this process is. */
export const thisCaller = (): Caller => ({
  env: process.env,
  isRoot: process.getuid?.() === 0,
  program: import.meta.dir.startsWith('/$bunfs') ? process.execPath : Bun.main,
  cwd: process.cwd(),
})

/** The unit of the API and the dashboard. */
export const apiUnit = 'hal0.service'

/** Whether the API's unit is installed for that systemd. */
export const hasApiUnit = (scope: Scope, { env, exists = existsSync }: Pick<Caller, 'env' | 'exists'>): boolean =>
  unitFolders[scope](env).some((folder) => exists(join(folder, apiUnit)))

/** How the daemon runs that has these folders. */
export const hostingOf = (paths: Paths, caller: Caller): Hosting => {
  const scope = scopeOf(paths, caller.env)
  if (scope !== null && hasApiUnit(scope, caller)) return scope === 'system' ? 'service' : 'user-service'
  return isCheckout(caller) ? 'checkout' : 'by-hand'
}

/** How the daemon runs that the caller means when nothing else is said: a user's own before the machine's. */
export const hostingHere = (caller: Caller): Hosting => {
  const { env, isRoot } = caller
  const own = hostingOf(findPaths(env, isRoot), caller)
  const isElsewhere = (env.HAL0_ROOT ?? '') !== '' && resolve(env.HAL0_ROOT ?? '') !== '/'
  if (own === 'service' || own === 'user-service' || isElsewhere) return own
  return hasApiUnit('system', caller) ? 'service' : own
}

/** The repository that hal0 runs from, from source or as the executable that was built there; where that is not so, meaningless. */
const checkoutOf = ({ program }: Caller): string => dirname(dirname(program))

const isCheckout = (caller: Caller): boolean =>
  ['package.json', 'build.ts', 'src/main.ts'].every((name) =>
    (caller.exists ?? existsSync)(join(checkoutOf(caller), name)),
  )

/** The repository that hal0 runs from; null: it runs otherwise. */
export const checkoutHere = (caller: Caller = thisCaller()): string | null =>
  hostingHere(caller) === 'checkout' ? checkoutOf(caller) : null

/** What people type for `hal0` in front of a verb. */
export interface Typed {
  hal0: string
  /** In front of the verbs that install. */
  installer: string
}

/** A path as short as it can be typed: relative where it lies below the folder that commands are typed in. */
const shortPath = (path: string, cwd: string): string => {
  const below = relative(cwd, path)
  if (below.startsWith('..') || cwd === '/') return path
  return below.includes('/') ? below : `./${below}`
}

/**
 * `bin/hal0` keeps its data in `.hal0/` of the checkout, unless HAL0_ROOT names another folder: where that folder or the daemon is named by
 * a variable both programs of a checkout are the same; elsewhere `dist/hal0` has the folders of a user. `bin/hal0` cannot install: it sets
 * HAL0_ROOT, with which setup refuses.
 */
const typedInCheckout = (caller: Caller, found: string | null): Typed => {
  const { env, cwd } = caller
  const folder = checkoutOf(caller)
  const [wrapper, built] = [join(folder, 'bin/hal0'), join(folder, 'dist/hal0')]
  const data = env.HAL0_ROOT ?? ''
  const isNamed = data !== '' || (env.HAL0_URL ?? '') !== ''
  const same = data !== '' && resolve(data) === join(folder, '.hal0') ? [wrapper] : isNamed ? [wrapper, built] : [built]
  return {
    hal0: found !== null && same.includes(found) ? 'hal0' : shortPath(isNamed ? wrapper : built, cwd),
    installer: shortPath(built, cwd),
  }
}

/** What the caller types to reach the hal0 that runs now: `hal0`, unless the shell finds none or another one. */
export const typedHere = (caller: Caller = thisCaller()): Typed => {
  const hosting = hostingHere(caller)
  if (hosting === 'service' || hosting === 'user-service') return { hal0: 'hal0', installer: 'hal0' }
  const found = (caller.found ?? (() => foundOnPath(caller.env)))()
  if (hosting === 'checkout') return typedInCheckout(caller, found)
  const hal0 = found === caller.program ? 'hal0' : shortPath(caller.program, caller.cwd)
  return { hal0, installer: hal0 }
}

/**
 * The commands for one way of running hal0. Those of hal0 itself are spelled `hal0 VERB`; the command line prints them as they are typed
 * (`typedHere`).
 * @param isRoot whoever will type them is root
 */
export const hostingCommands = (hosting: Hosting, isRoot: boolean): HostingCommands => {
  const sudo = isRoot ? '' : 'sudo '
  if (hosting === 'service') {
    return {
      hosting,
      start: `${sudo}systemctl start hal0`,
      restart: `${sudo}systemctl restart hal0`,
      usePort: (port) => `${sudo}hal0 setup --port ${port}`,
      setup: `${sudo}hal0 setup`,
      doctor: `${sudo}hal0 doctor`,
      journal: `${sudo}journalctl -u hal0`,
    }
  }
  if (hosting === 'user-service') {
    return {
      hosting,
      start: 'systemctl --user start hal0',
      restart: 'systemctl --user restart hal0',
      usePort: (port) => `hal0 setup --user --port ${port}`,
      setup: 'hal0 setup --user',
      doctor: 'hal0 doctor',
      journal: 'journalctl --user -u hal0',
    }
  }
  const start = hosting === 'checkout' ? 'npm start' : 'hal0 serve'
  return {
    hosting,
    start,
    restart: `end it with Ctrl-C, then run ${start}`,
    usePort: (port) => (hosting === 'checkout' ? `npm start -- --port ${port}` : `hal0 serve --port ${port}`),
    setup: isRoot ? 'hal0 setup' : 'sudo hal0 setup, or only for yourself: hal0 setup --user',
    doctor: 'hal0 doctor',
    journal: null,
  }
}

/** The commands that fit this process's own view of the machine. */
export const commandsHere = (caller: Caller = thisCaller()): HostingCommands =>
  hostingCommands(hostingHere(caller), caller.isRoot)
