/** What pulls keep on the disk until they are done: a folder `.pull-<id>` each. */
import { lstat, readdir, stat } from 'node:fs/promises'
import type { PullLeftover } from '../../../contract/models/pull.ts'
import { errnoOf, storageError } from '../../../system/files/storage-error.ts'
import { pathBelow } from '../../naming/model-paths.ts'
import { discard } from '../staging/staging.ts'

const prefix = '.pull-'

/** An id that ends in .json would share its folder's name with another pull's record. */
const suffix = '~'

export const stagingFolder = (models: string, id: string): string =>
  pathBelow(models, `${prefix}${id}${id.endsWith('.json') ? suffix : ''}`)

/** Disk space that the files below `folder` use; partial files are sparse. */
const bytesBelow = async (folder: string): Promise<number> => {
  let bytes = 0
  for (const item of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (item.isFile()) bytes += (await stat(pathBelow(item.parentPath, item.name))).blocks * 512
  }
  return bytes
}

/** @throws Hal0Error `storage.failed` */
export const listLeftovers = async (models: string, isActive: (id: string) => boolean): Promise<PullLeftover[]> => {
  try {
    const leftovers: PullLeftover[] = []
    for (const item of await readdir(models, { withFileTypes: true })) {
      if (!item.isDirectory() || !item.name.startsWith(prefix)) continue
      // It is in the place of a record, so records.ts reports it.
      if (item.name.endsWith('.json')) continue
      const id = item.name.slice(prefix.length).replace(/\.json~$/, '.json')
      leftovers.push({ id, kind: 'pull', bytes: await bytesBelow(pathBelow(models, item.name)), active: isActive(id) })
    }
    return leftovers
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw storageError(error, models, 'look for what pulls have left behind')
  }
}

/** Unusable records of pulls. @throws Hal0Error `storage.failed` */
export const listDamaged = async (records: readonly { id: string; path: string }[]): Promise<PullLeftover[]> => {
  const leftovers: PullLeftover[] = []
  for (const { id, path } of records) {
    try {
      const found = await lstat(path)
      const bytes = found.isDirectory() ? await bytesBelow(path) : found.size
      leftovers.push({ id, kind: 'record', bytes, active: false })
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw storageError(error, path, 'look for what pulls have left behind')
    }
  }
  return leftovers
}

/** @returns what was removed. @throws Hal0Error `storage.failed` */
export const clearLeftovers = async (models: string, isActive: (id: string) => boolean): Promise<PullLeftover[]> => {
  const removed: PullLeftover[] = []
  for (const leftover of await listLeftovers(models, isActive)) {
    if (leftover.active) continue
    await discard(stagingFolder(models, leftover.id))
    removed.push(leftover)
  }
  return removed
}
