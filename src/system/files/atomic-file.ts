/** Durable replacement of small files (spec §2.1): temp file in the same folder → fsync → rename → fsync of the folder. */
import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, rename, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { log } from '../../lib/log.ts'
import { errnoOf, storageError } from './storage-error.ts'

const tempPattern = /^\..+\.[0-9a-f]{16}\.tmp$/

/** A unique name beside `path`, which `sweepTemps` removes if it is left behind. */
export const tempBeside = (path: string): string =>
  join(dirname(path), `.${basename(path)}.${randomBytes(8).toString('hex')}.tmp`)

/**
 * One attempt. The temp name is random: with a fixed name, the leftover of one failed write would make every later O_EXCL open
 * fail too. A failed fsync is never repeated on the same file, since the kernel may have dropped the dirty pages; the caller
 * writes again from the start.
 */
const attempt = async (path: string, content: string | Uint8Array, mode: number): Promise<void> => {
  const folder = dirname(path)
  const temp = tempBeside(path)
  const file = await open(temp, 'wx', mode)
  try {
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temp, path)
  } catch (error) {
    await unlink(temp).catch((again) => {
      if (errnoOf(again) !== 'ENOENT') log.warn(`could not remove ${temp}`, again)
    })
    throw error
  }
  await syncFolder(folder)
}

/** Makes renames and removals inside `folder` durable. */
export const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Creates a folder and its missing parents durably, so that it survives a power cut along with what is written into it. */
export const makeFolder = async (folder: string): Promise<void> => {
  const first = await mkdir(folder, { recursive: true })
  if (first === undefined) return
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made))
}

/**
 * Replaces `path` with `content`: after a crash at any point, it has either the whole old or the whole new content.
 * Tries twice, each time with a new temp file. When it throws, `path` has the old content, or the new one if only the
 * fsync of the folder failed, which cannot be undone without another write.
 * @param doing what this does, for the error message: "write the state of slot primary"
 * @throws Hal0Error `storage.full`, `storage.failed`
 */
export const writeFileAtomic = async (
  path: string,
  content: string | Uint8Array,
  doing: string,
  mode = 0o644,
): Promise<void> => {
  try {
    await attempt(path, content, mode)
  } catch (first) {
    try {
      if (errnoOf(first) === 'ENOENT') await makeFolder(dirname(path))
      await attempt(path, content, mode)
    } catch (second) {
      throw storageError(second, path, doing)
    }
  }
}

/**
 * Removes a file; a file that does not exist counts as removed.
 * @param doing what this does, for the error message
 * @throws Hal0Error `storage.failed`
 */
export const removeFile = async (path: string, doing: string): Promise<void> => {
  try {
    await unlink(path)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw storageError(error, path, doing)
  }
}

/** Removes what interrupted writes left in `folder`. Called at start, before anything writes there. */
export const sweepTemps = async (folder: string): Promise<void> => {
  let names: string[]
  try {
    names = await readdir(folder)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return
    throw storageError(error, folder, 'look for leftovers')
  }
  for (const name of names) {
    if (!tempPattern.test(name)) continue
    try {
      await unlink(join(folder, name))
    } catch (error) {
      throw storageError(error, join(folder, name), 'remove a leftover')
    }
  }
}
