/** Where things are (spec §7). */
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

export interface Paths {
  /** hal0.toml and slots/<name>.toml */
  config: string
  /** slots/<name>/, models/, engines/, hal0.db */
  data: string
  /** <version>/ and current */
  lib: string
}

/**
 * @param env `HAL0_ROOT` puts all three below one folder
 * @param isRoot system folders for root, folders of the home otherwise
 */
export const findPaths = (env: Record<string, string | undefined>, isRoot: boolean): Paths => {
  const root = env.HAL0_ROOT
  if (root !== undefined && root !== '') {
    const base = resolve(root)
    return { config: join(base, 'etc/hal0'), data: join(base, 'var/lib/hal0'), lib: join(base, 'usr/lib/hal0') }
  }
  if (isRoot) return { config: '/etc/hal0', data: '/var/lib/hal0', lib: '/usr/lib/hal0' }
  const home = env.HOME !== undefined && env.HOME !== '' ? env.HOME : homedir()
  return {
    config: join(home, '.config/hal0'),
    data: join(home, '.local/share/hal0'),
    lib: join(home, '.local/lib/hal0'),
  }
}

/**
 * Path of the local socket of the daemon. It is in the folder for what runs, which is empty after a boot; for a user who has none, beside
 * the data.
 */
export const socketFile = (env: Record<string, string | undefined>, isRoot: boolean): string => {
  const { HAL0_ROOT: root = '', XDG_RUNTIME_DIR: runtime = '' } = env
  if (root !== '') return join(resolve(root), 'run/hal0/api.sock')
  if (isRoot) return '/run/hal0/api.sock'
  return runtime === '' ? join(findPaths(env, false).data, 'api.sock') : join(runtime, 'hal0/api.sock')
}

export const configFile = (paths: Paths): string => join(paths.config, 'hal0.toml')
export const slotConfigDir = (paths: Paths): string => join(paths.config, 'slots')
export const slotConfigFile = (paths: Paths, name: string): string => join(paths.config, 'slots', `${name}.toml`)
export const slotsDir = (paths: Paths): string => join(paths.data, 'slots')
export const slotDir = (paths: Paths, name: string): string => join(slotsDir(paths), name)
/** Prompts and answers of a slot that captures them. */
export const slotCapturesDir = (paths: Paths, name: string): string => join(slotDir(paths, name), 'captures')
export const backendKeyFile = (paths: Paths, name: string): string => join(slotDir(paths, name), 'backend-key')
/** In the folder of a slot, what only hal0 may read: a backend has no part in the keys and prompts of others. */
export const privateInSlots: readonly string[] = ['captures', 'backend-key']
export const modelsDir = (paths: Paths): string => join(paths.data, 'models')
export const enginesDir = (paths: Paths): string => join(paths.data, 'engines')
/** Path of the hub's token, which only hal0 may read. */
export const hubTokenFile = (paths: Paths): string => join(paths.config, 'hf-token')
/** Path of the database with the log of requests and what happened to the slots. */
export const databaseFile = (paths: Paths): string => join(paths.data, 'hal0.db')
/** Where an earlier hal0 kept its decisions. */
export const oldDecisionsDir = (paths: Paths): string => join(paths.data, 'decisions')
export const eventClockFile = (paths: Paths): string => join(paths.data, 'event-clock')
