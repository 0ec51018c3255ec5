/** The folder of hal0's own versions (spec §7): a `<version>/hal0` for each, and `current`, a link to the one in use. */
import { readdir, readlink, rename, rm, symlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Paths } from '../paths.ts'
import { syncFolder } from './atomic-file.ts'
import { errnoOf } from './storage-error.ts'

/** Of a size that `Bun.semver` reads. */
const number = String.raw`(?:0|[1-9]\d{0,14})`
const versionPattern = new RegExp(String.raw`^${number}\.${number}\.${number}(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$`)

/** Semantic version (semver.org 2.0.0) without build metadata and without a leading v. `Bun.semver.order` orders them. */
export const isVersion = (text: string): boolean => versionPattern.test(text)

export const versionDir = (paths: Paths, version: string): string => join(paths.lib, version)
/** The executable of a version. */
export const versionProgram = (paths: Paths, version: string): string => join(versionDir(paths, version), 'hal0')
export const currentLink = (paths: Paths): string => join(paths.lib, 'current')

/** The version that `current` leads to; null if the link does not exist or leads elsewhere. */
export const currentVersion = async (paths: Paths): Promise<string | null> => {
  try {
    const version = basename(await readlink(currentLink(paths)))
    return isVersion(version) ? version : null
  } catch (error) {
    if (['ENOENT', 'EINVAL', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return null
    throw error
  }
}

/** Whether hal0 itself made this entry: a version, the link, the record or lock of an update, or what a killed update left. */
export const isOwnEntry = (name: string): boolean =>
  isVersion(name) || name === 'current' || /^\.?(current|update)\./.test(name) || /^\..*\.partial$/.test(name)

/** Versions that have a folder, oldest first. */
export const installedVersions = async (paths: Paths): Promise<string[]> => {
  try {
    const entries = await readdir(paths.lib, { withFileTypes: true })
    const versions = entries.filter((entry) => entry.isDirectory() && isVersion(entry.name)).map(({ name }) => name)
    return versions.sort(Bun.semver.order)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw error
  }
}

/** Makes `current` lead to `version`, in one rename: at every moment it leads to the old version or to the new one. */
export const flipCurrent = async (paths: Paths, version: string): Promise<void> => {
  const fresh = join(paths.lib, `.current.${process.pid}`)
  await rm(fresh, { force: true })
  await symlink(version, fresh)
  await rename(fresh, currentLink(paths))
  await syncFolder(paths.lib)
}
