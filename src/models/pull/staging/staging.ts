/** The folder in which a pull collects its files until they are registered. It survives restarts. */
import type { Stats } from 'node:fs'
import { lstat, mkdir, readdir, rm, statfs, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { preciseBytes } from '../../../lib/figures.ts'
import { Hal0Error } from '../../../lib/hal0-error.ts'
import { syncFolder } from '../../../system/files/atomic-file.ts'
import { errnoOf } from '../../../system/files/storage-error.ts'
import { pathBelow } from '../../naming/model-paths.ts'
import type { RemoteFile } from '../origin/origin.ts'
import { diskError, inTheWay } from './disk-error.ts'
import type { StagedNames } from './staged-names.ts'

/** What an interrupted download leaves; the folder may contain other files too. */
const ofAnyDownload = /\.(partial|ranges\.json)$|^\..+\.tmp$/
/** The unit in which `stat` counts blocks. */
const blockBytes = 512

const statOrNull = async (path: string): Promise<Stats | null> => {
  try {
    return await lstat(path)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null
    throw diskError(error, path, 'look for what was downloaded before')
  }
}

/**
 * Creates the folder if it does not exist, and removes what cannot be used for these files.
 * @throws Hal0Error `storage.failed`, also when a link or anything else is in its place
 */
export const openStaging = async (folder: string, names: readonly StagedNames[]): Promise<void> => {
  const found = await statOrNull(folder)
  if (found !== null && !found.isDirectory()) {
    throw inTheWay(folder, found.isSymbolicLink() ? 'a symbolic link' : 'no folder')
  }
  const wanted = new Set(names.flatMap((one) => Object.values(one)))
  try {
    if (found === null) {
      await mkdir(folder)
      await syncFolder(dirname(folder))
    }
    for (const name of await readdir(folder)) {
      if (!wanted.has(name) && ofAnyDownload.test(name)) await unlink(pathBelow(folder, name))
    }
  } catch (error) {
    throw diskError(error, folder, 'begin a pull')
  }
}

/** Whether a file of full size has the final name; its content is not checked. @throws Hal0Error `storage.failed` */
export const isFinished = async (folder: string, { name }: StagedNames, size: number): Promise<boolean> => {
  const path = pathBelow(folder, name)
  const found = await statOrNull(path)
  if (found === null) return false
  if (!found.isFile()) throw inTheWay(path, found.isSymbolicLink() ? 'a symbolic link' : 'not a regular file')
  return found.size === size
}

/**
 * Refuses a pull that the disk has no room for, before its first byte.
 * @param reserve bytes to leave free
 * @param madeOfThem bytes that are made of the files afterwards
 * @throws Hal0Error `pull.no_space` with the figures in bytes; `storage.failed`
 */
export const requireSpace = async (
  folder: string,
  files: readonly { remote: RemoteFile; names: StagedNames }[],
  reserve: number,
  madeOfThem = 0,
): Promise<void> => {
  let needed = madeOfThem
  for (const { remote, names } of files) {
    const found =
      (await statOrNull(pathBelow(folder, names.partial))) ?? (await statOrNull(pathBelow(folder, names.name)))
    // A partial file has its full size, but takes space only where it was written.
    const allocated = found === null ? 0 : found.blocks * blockBytes
    needed += Math.max(0, remote.size - allocated)
  }
  const disk = await statfs(folder).catch((error: unknown) => {
    throw diskError(error, folder, 'see how much space is free')
  })
  const free = disk.bavail * disk.bsize
  if (needed === 0 || needed + reserve <= free) return
  throw new Hal0Error(
    'pull.no_space',
    `The pull needs ${preciseBytes(needed)} more, and ${preciseBytes(reserve)} must stay free, but the disk of ${folder} has ${preciseBytes(free)}. Free some space and pull again.`,
    { details: { path: folder, needed, reserve, free } },
  )
}

/** Deletes what a pull has collected. @throws Hal0Error `storage.failed` */
export const discard = async (folder: string): Promise<void> => {
  try {
    // If a link is in its place, only the link is removed.
    await rm(folder, { recursive: true, force: true })
    await syncFolder(dirname(folder))
  } catch (error) {
    throw diskError(error, folder, 'remove what a pull has left behind')
  }
}
