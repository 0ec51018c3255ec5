/** The temporary files beside the versions, and how versions are removed. */
import { readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { sweepTemps } from '../system/files/atomic-file.ts'
import { installedVersions, versionDir } from '../system/files/release-folder.ts'
import { errnoOf } from '../system/files/storage-error.ts'
import type { Paths } from '../system/paths.ts'

/** The folder of a version that is being added or removed, and so is incomplete. */
export const partialDir = (paths: Paths, version: string): string => join(paths.lib, `.${version}.partial`)

/** What interrupted updates leave: partial versions, and the link that should have become `current`. */
const leftover = /^\.(.+\.partial|current\.\d+)$/

export const removeFolder = (path: string): Promise<void> => rm(path, { recursive: true, force: true })

/** Removes a version. A half-removed one never has the version's name. */
export const discardVersion = async (paths: Paths, version: string): Promise<void> => {
  const partial = partialDir(paths, version)
  await removeFolder(partial)
  try {
    await rename(versionDir(paths, version), partial)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
    return
  }
  await removeFolder(partial)
}

export const sweepLeftovers = async (paths: Paths): Promise<void> => {
  await sweepTemps(paths.lib)
  for (const name of await readdir(paths.lib)) {
    if (leftover.test(name)) await removeFolder(join(paths.lib, name))
  }
}

export const keepOnly = async (paths: Paths, versions: readonly (string | null)[]): Promise<void> => {
  for (const version of await installedVersions(paths)) {
    if (!versions.includes(version)) await discardVersion(paths, version)
  }
}
