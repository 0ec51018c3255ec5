/**
 * Files of hal0 that belong to no entry: the entry was removed by hand, or an older version left them. Files with a sidecar, and lone
 * sidecars, are hal0's. Anything else in the folder belongs to somebody else.
 */
import { readdir, stat, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { PullLeftover } from '../../contract/models/pull.ts'
import { storageError } from '../../system/files/storage-error.ts'
import { pathBelow } from '../naming/model-paths.ts'
import { sidecarPath } from '../verify/checksum.ts'
import { removeEmptyFolders, unlessGone } from './entry-store.ts'

const sidecarSuffix = sidecarPath('')

const filesIn = async (models: string, folder: string): Promise<string[]> => {
  const found: string[] = []
  for (const item of await readdir(pathBelow(models, folder), { withFileTypes: true })) {
    const path = `${folder}/${item.name}`
    if (item.isDirectory()) found.push(...(await filesIn(models, path)))
    else found.push(path)
  }
  return found
}

/**
 * @param kept paths below models/ that belong to a current or former entry
 * @throws Hal0Error `storage.failed`
 */
export const listOrphans = async (models: string, kept: ReadonlySet<string>): Promise<PullLeftover[]> => {
  try {
    const orphans: PullLeftover[] = []
    for (const item of await readdir(models, { withFileTypes: true })) {
      // Folders that begin with a dot hold files on their way in.
      if (!item.isDirectory() || item.name.startsWith('.')) continue
      const files = new Set(await filesIn(models, item.name))
      for (const path of files) {
        const isSidecar = path.endsWith(sidecarSuffix)
        const id = isSidecar ? path.slice(0, -sidecarSuffix.length) : path
        const isListed = isSidecar ? files.has(id) : !files.has(sidecarPath(path))
        if (kept.has(id) || kept.has(path) || isListed) continue
        orphans.push({ id: path, kind: 'orphan', bytes: await bytesOf(pathBelow(models, path)), active: false })
      }
    }
    return orphans
  } catch (error) {
    throw storageError(error, models, 'look for files that no model has')
  }
}

/** The size of a file, bytes; 0 for a dangling link. */
const bytesOf = async (path: string): Promise<number> => {
  try {
    return (await stat(path)).size
  } catch (error) {
    unlessGone(error)
    return 0
  }
}

/** Removes what `listOrphans` returned. @throws Hal0Error `storage.failed` */
export const clearOrphans = async (models: string, orphans: readonly PullLeftover[]): Promise<void> => {
  for (const { id: path } of orphans) {
    const file = pathBelow(models, path)
    try {
      await unlink(file).catch(unlessGone)
      if (!path.endsWith(sidecarSuffix)) await unlink(sidecarPath(file)).catch(unlessGone)
      await removeEmptyFolders(models, dirname(path))
    } catch (error) {
      throw storageError(error, file, 'remove a file that no model has')
    }
  }
}
