/** The second half of an import: brings the files into a staging folder, hashed and durably. */
import { constants } from 'node:fs'
import { copyFile, open, stat, statfs, symlink } from 'node:fs/promises'
import type { ModelFile } from '../../contract/models/model.ts'
import { preciseBytes } from '../../lib/figures.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { errnoOf, storageError } from '../../system/files/storage-error.ts'
import { formatOf } from '../formats/table.ts'
import { pathBelow } from '../naming/model-paths.ts'
import { copyHashing, type Digest, hashFile, writeSidecar } from '../verify/checksum.ts'
import type { ImportSource } from './import-plan.ts'

/** Space to leave free for sidecars, the entry, and the daemon's own small files, bytes. */
const reserveBytes = 16 * 1024 * 1024

/**
 * Copies (or links) the files into `staging`, each with its sidecar.
 * @param folder the future name of `staging`, for the returned paths
 * @throws Hal0Error `model.invalid_file`, `storage.full`, `storage.failed`
 */
export const bringIn = async (
  sources: readonly ImportSource[],
  staging: string,
  folder: string,
  link: boolean,
): Promise<ModelFile[]> => {
  const files: ModelFile[] = []
  let left = sources.reduce((sum, source) => sum + source.size, 0)
  for (const source of sources) {
    const to = pathBelow(staging, source.name)
    const { sha256, bytes } = link ? await linkTo(source, to) : await copyTo(source, to, staging, left)
    await refuseChanged(source, bytes)
    // This also makes the folder durable, and with it the file's name.
    await writeSidecar(to, sha256)
    left -= source.size
    files.push({ path: `${folder}/${source.name}`, size: bytes, sha256 })
  }
  return files
}

const linkTo = async (source: ImportSource, to: string): Promise<Digest> => {
  try {
    await symlink(source.realPath, to)
    return await hashFile(to)
  } catch (error) {
    throw storageError(error, source.realPath, `link ${source.realPath}`)
  }
}

const copyTo = async (source: ImportSource, to: string, staging: string, needed: number): Promise<Digest> => {
  if (await clone(source.realPath, to)) {
    try {
      return await hashFile(to)
    } catch (error) {
      throw storageError(error, to, `check the copy of ${source.realPath}`)
    }
  }
  await requireSpace(staging, needed)
  return copyHashing(source.realPath, to)
}

/** Makes a durable copy that shares its blocks, if the file system supports that (btrfs, xfs); false if it does not. */
const clone = async (from: string, to: string): Promise<boolean> => {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE_FORCE)
  } catch (error) {
    // Whatever else is wrong, the ordinary copy that follows will meet and report it.
    if (errnoOf(error) !== null) return false
    throw error
  }
  const copy = await open(to, 'r+')
  try {
    await copy.sync()
  } finally {
    await copy.close()
  }
  return true
}

const requireSpace = async (folder: string, needed: number): Promise<void> => {
  const disk = await statfs(folder).catch((error: unknown) => {
    throw storageError(error, folder, 'see how much space is free')
  })
  const free = disk.bavail * disk.bsize
  if (needed + reserveBytes <= free) return
  throw new Hal0Error(
    'storage.full',
    `The model needs ${preciseBytes(needed)}, and ${preciseBytes(free)} are free on the disk of ${folder}. Free some space, or import it with link.`,
    { details: { path: folder, needed, reserve: reserveBytes, free } },
  )
}

const refuseChanged = async (source: ImportSource, bytes: number): Promise<void> => {
  const now = await stat(source.realPath).catch((error: unknown) => {
    throw storageError(error, source.realPath, 'look at the imported file again')
  })
  if (bytes === source.size && now.size === source.size && now.mtimeMs === source.modifiedMs) return
  throw formatOf(source.name).invalid(
    source.realPath,
    'it changed while it was being imported',
    {},
    'Import it again when it is complete.',
  )
}
