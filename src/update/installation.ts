/** Which installation of hal0 is meant: the machine's, a user's own, or one below HAL0_ROOT. */
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { resolve, sep } from 'node:path'
import { Hal0Error } from '../lib/hal0-error.ts'
import { currentVersion } from '../system/files/release-folder.ts'
import { errnoOf, storageError } from '../system/files/storage-error.ts'
import { findPaths, type Paths } from '../system/paths.ts'
import type { Scope } from '../system/systemd/unit/systemctl.ts'

export interface Installation {
  paths: Paths
  /** Whose systemd runs its service; null below HAL0_ROOT, since no service of this machine runs that. */
  scope: Scope | null
}

interface Caller {
  env: Record<string, string | undefined>
  isRoot: boolean
  /** Path of the running executable, with links resolved. */
  program: string
}

/** The installation that the running executable belongs to; else the caller's own; else the other one, if it exists. */
export const findInstallation = async ({ env, isRoot, program }: Caller): Promise<Installation> => {
  if (env.HAL0_ROOT !== undefined && env.HAL0_ROOT !== '') {
    return { paths: findPaths(env, isRoot), scope: resolve(env.HAL0_ROOT) === '/' ? 'system' : null }
  }
  const system: Installation = { paths: findPaths(env, true), scope: 'system' }
  const user: Installation = { paths: findPaths(env, false), scope: 'user' }
  const mine = [system, user].find(({ paths }) => program.startsWith(paths.lib + sep))
  if (mine !== undefined) return mine
  const [first, second] = isRoot ? [system, user] : [user, system]
  const onlySecond = (await currentVersion(first.paths)) === null && (await currentVersion(second.paths)) !== null
  return onlySecond ? second : first
}

/** The installed version. @throws Hal0Error `update.not_installed` */
export const installedVersion = async (paths: Paths): Promise<string> => {
  const version = await currentVersion(paths)
  if (version !== null) return version
  throw new Hal0Error(
    'update.not_installed',
    'hal0 is not installed on this machine. Run: sudo hal0 setup (or, without root, hal0 setup --user)',
    { details: { path: paths.lib } },
  )
}

/** @throws Hal0Error `update.not_permitted` when the caller may not change the installation, `storage.failed` */
export const checkPermission = async ({ paths }: Installation): Promise<void> => {
  try {
    await access(paths.lib, constants.W_OK | constants.X_OK)
  } catch (error) {
    if (errnoOf(error) !== 'EACCES') throw storageError(error, paths.lib, 'update hal0')
    throw notPermitted(paths.lib, error)
  }
}

export const notPermitted = (path: string, cause: unknown): Hal0Error =>
  new Hal0Error('update.not_permitted', 'This hal0 belongs to the whole machine, not to you. Run: sudo hal0 update', {
    details: { path },
    cause,
  })
