/** Adds, replaces and removes models: files first, then one rename of the entry (see entry-store.ts). */
import { randomBytes } from 'node:crypto'
import { link, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { ModelEntry, ModelFile } from '../../contract/models/model.ts'
import { modelId } from '../../lib/hub/names.ts'
import { log } from '../../lib/log.ts'
import { makeFolder, syncFolder, writeFileAtomic } from '../../system/files/atomic-file.ts'
import { storageError } from '../../system/files/storage-error.ts'
import { entryPath, pathBelow, pendingPath, removedPath, retiredPath } from '../naming/model-paths.ts'
import { isAsVerified, sidecarPath } from '../verify/checksum.ts'
import { discard, entryText, type FormerEntry, unlessGone } from './entry-store.ts'

/**
 * Makes a model of the files in `staging`: they move to `folder`, then the entry appears. All or nothing.
 * @param staging contains the files of `entry`, already durable
 * @param folder the first part of their final paths
 * @throws Hal0Error `storage.full`, `storage.failed`
 */
export const commitEntry = async (
  models: string,
  entry: ModelEntry,
  staging: string,
  folder: string,
): Promise<void> => {
  const id = modelId(entry.id)
  const [pending, final] = [pendingPath(models, id), entryPath(models, id)]
  const doing = `register the model ${entry.id}`
  let moved = false
  try {
    await writeFileAtomic(pending, entryText(entry), doing)
    await rename(staging, pathBelow(models, folder))
    moved = true
    await syncFolder(models)
    await rename(pending, final)
    await syncFolder(models)
  } catch (error) {
    try {
      if (moved) {
        await rename(final, pending).catch(unlessGone)
        await discard(models, { path: pending, entry }, [])
      } else await unlink(pending).catch(unlessGone)
    } catch (again) {
      log.warn(`could not undo the registration of ${entry.id}; the next start will`, again)
    }
    throw storageError(error, final, doing)
  }
}

/** A new entry, its files, and the entry that it replaces. */
export interface NewEntry {
  entry: ModelEntry
  /** The current path of each file, already durable and with its sidecar. */
  sources: readonly string[]
  replaced: ModelEntry | null
}

/**
 * Adds the entries, or replaces older ones with them, files first. The rename of the first entry decides. If the daemon dies after
 * it, its next start finishes the other entries (the projector). Files are hard-linked, so that a crash may lose the new names but not
 * the files, which stay where they are.
 * @param others every other entry, including former ones: their files stay
 * @returns the replaced entries, whose files still exist
 * @throws Hal0Error `storage.full`, `storage.failed`; then nothing has changed
 */
export const commitLinked = async (
  models: string,
  all: readonly [NewEntry, ...NewEntry[]],
  others: readonly ModelEntry[],
): Promise<FormerEntry[]> => {
  const doing = `register the model ${all[0].entry.id}`
  const retired: FormerEntry[] = []
  const undo: (() => Promise<unknown>)[] = []
  try {
    for (const { replaced } of all) {
      if (replaced === null) continue
      const path = retiredPath(models, modelId(replaced.id), randomBytes(8).toString('hex'))
      undo.push(() => unlink(path).catch(unlessGone))
      await writeFileAtomic(path, entryText(replaced), doing)
      retired.push({ path, entry: replaced })
    }
    const kept = [...others, ...retired.map(({ entry }) => entry)]
    for (const { entry } of all) {
      const path = pendingPath(models, modelId(entry.id))
      undo.push(() => discard(models, { path, entry }, kept))
      await writeFileAtomic(path, entryText(entry), doing)
    }
    for (const { entry, sources } of all) await linkFiles(models, entry.files, sources)
    for (const { entry, replaced } of all) {
      const id = modelId(entry.id)
      const [pending, final] = [pendingPath(models, id), entryPath(models, id)]
      undo.push(() =>
        replaced === null
          ? rename(final, pending).catch(unlessGone)
          : writeFileAtomic(final, entryText(replaced), `keep the model ${entry.id}`),
      )
      await rename(pending, final)
    }
    await syncFolder(models)
    return retired
  } catch (error) {
    try {
      for (const step of undo.reverse()) await step()
    } catch (again) {
      log.warn(`could not undo the registration of ${all[0].entry.id}; the next start will`, again)
    }
    throw storageError(error, entryPath(models, modelId(all[0].entry.id)), doing)
  }
}

const linkFiles = async (models: string, files: readonly ModelFile[], sources: readonly string[]): Promise<void> => {
  for (const [index, file] of files.entries()) {
    const from = sources[index]
    const to = pathBelow(models, file.path)
    // Another model may have the same file.
    if (from === undefined || (await isAsVerified(to, file))) continue
    await makeFolder(dirname(to))
    await linkOver(models, from, to)
    await linkOver(models, sidecarPath(from), sidecarPath(to))
    await syncFolder(dirname(to))
  }
}

/** Hard-links `from` as `to`, atomically. Processes that have the previous file of that name open keep it. */
const linkOver = async (models: string, from: string, to: string): Promise<void> => {
  // Named like the other temporary files here, so that the next start removes it.
  const temp = pathBelow(models, `.link.${randomBytes(8).toString('hex')}.tmp`)
  await link(from, temp)
  try {
    await rename(temp, to)
  } finally {
    // If both already were names of one file, the rename does nothing and leaves both.
    await unlink(temp).catch(unlessGone)
  }
}

/**
 * Removes a model, its entry first.
 * @param others entries that stay, with their files
 * @throws Hal0Error `storage.failed`; if the entry is already gone then, the next start removes the rest
 */
export const withdrawEntry = async (models: string, entry: ModelEntry, others: Iterable<ModelEntry>): Promise<void> => {
  const id = modelId(entry.id)
  const [final, removed] = [entryPath(models, id), removedPath(models, id)]
  try {
    await rename(final, removed)
    await syncFolder(models)
    await discard(models, { path: removed, entry }, others)
  } catch (error) {
    throw storageError(error, final, `remove the model ${entry.id}`)
  }
}
