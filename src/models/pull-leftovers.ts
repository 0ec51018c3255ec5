/** What pulls leave on the disk until they are done: one folder `.pull-<id>` each. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { PullLeftover } from '../contract/pull.ts'
import { errnoOf, storageError } from '../system/storage-error.ts'
import { discard } from './pull/staging.ts'

const prefix = '.pull-'

export const stagingFolder = (models: string, id: string): string => join(models, `${prefix}${id}`)

/** Bytes that the files below `folder` take on the disk; partials are longer than what they hold. */
const bytesBelow = async (folder: string): Promise<number> => {
  let bytes = 0
  for (const item of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (item.isFile()) bytes += (await stat(join(item.parentPath, item.name))).blocks * 512
  }
  return bytes
}

/** @throws Hal0Error `storage.failed` */
export const listLeftovers = async (models: string, isActive: (id: string) => boolean): Promise<PullLeftover[]> => {
  try {
    const leftovers: PullLeftover[] = []
    for (const item of await readdir(models, { withFileTypes: true })) {
      if (!item.isDirectory() || !item.name.startsWith(prefix)) continue
      const id = item.name.slice(prefix.length)
      leftovers.push({ id, kind: 'pull', bytes: await bytesBelow(join(models, item.name)), active: isActive(id) })
    }
    return leftovers
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw storageError(error, models, 'look for what pulls have left')
  }
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
