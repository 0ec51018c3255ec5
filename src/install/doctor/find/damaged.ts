/** Finds the files that the daemon found damaged and moved aside. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { damagedNames } from '../../../system/files/own-file.ts'
import { errnoOf, storageError } from '../../../system/files/storage-error.ts'
import type { Paths } from '../../../system/paths.ts'

const namesIn = async (folder: string): Promise<string[]> => {
  try {
    return await readdir(folder)
  } catch (error) {
    // There never was a slot, or a plain file lies among the slots' folders.
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return []
    throw storageError(error, folder, 'look for damaged files')
  }
}

/** @returns absolute paths, sorted. @throws Hal0Error `storage.failed` */
export const findDamaged = async ({ data }: Paths): Promise<string[]> => {
  const slots = join(data, 'slots')
  const folders = (await namesIn(slots)).map((name) => join(slots, name))
  const found = await Promise.all(
    folders.map(async (folder) => damagedNames(await namesIn(folder)).map((name) => join(folder, name))),
  )
  return found.flat().sort()
}
