/** How hal0 runs here, and the commands that fit: as a service of the machine, as one of the user, from a checkout, or by hand. */
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
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
  /** For tests. */
  exists?: (path: string) => boolean
}

/** The caller that this process is. */
export const thisCaller = (): Caller => ({
  env: process.env,
  isRoot: process.getuid?.() === 0,
  program: import.meta.dir.startsWith('/$bunfs') ? process.execPath : Bun.main,
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

/** Whether hal0 runs from its repository: from source, or as the executable that was built there. */
const isCheckout = ({ program, exists = existsSync }: Caller): boolean => {
  const folder = dirname(dirname(program))
  return ['package.json', 'build.ts', 'src/main.ts'].every((name) => exists(join(folder, name)))
}

/** The commands for one way of running hal0. @param isRoot whoever will type them is root */
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
  // Not bin/hal0: it sets HAL0_ROOT, with which setup refuses.
  const program = hosting === 'checkout' ? './dist/hal0' : 'hal0'
  return {
    hosting,
    start,
    restart: `end it with Ctrl-C, then run ${start}`,
    usePort: (port) => (hosting === 'checkout' ? `npm start -- --port ${port}` : `hal0 serve --port ${port}`),
    setup: isRoot ? `${program} setup` : `sudo ${program} setup, or only for yourself: ${program} setup --user`,
    doctor: 'hal0 doctor',
    journal: null,
  }
}

/** The commands that fit this process's own view of the machine. */
export const commandsHere = (caller: Caller = thisCaller()): HostingCommands =>
  hostingCommands(hostingHere(caller), caller.isRoot)
