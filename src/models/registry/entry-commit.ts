/** How models appear, change and go: files first, then one rename of the entry (see the entry store). */
import { randomBytes } from 'node:crypto'
import { link, rename, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ModelEntry, ModelFile } from '../../contract/models/model.ts'
import { log } from '../../lib/log.ts'
import { makeFolder, syncFolder, writeFileAtomic } from '../../system/files/atomic-file.ts'
import { errnoOf, storageError } from '../../system/files/storage-error.ts'
import { readSidecar, sidecarPath } from '../verify/checksum.ts'
import {
  discard,
  entryPath,
  entryText,
  type FormerEntry,
  pendingPath,
  removedPath,
  retiredPath,
  unlessGone,
} from './entry-store.ts'

/**
 * Makes a model of the files in `staging`: they move to `folder`, then the entry appears. All of it or nothing.
 * @param staging holds the files of `entry`, durable
 * @param folder the first part of their paths
 * @throws Hal0Error `storage.full`, `storage.failed`
 */
export const commitEntry = async (
  models: string,
  entry: ModelEntry,
  staging: string,
  folder: string,
): Promise<void> => {
  const pending = pendingPath(models, entry.id)
  const final = entryPath(models, entry.id)
  const doing = `register the model ${entry.id}`
  let moved = false
  try {
    await writeFileAtomic(pending, entryText(entry), doing)
    await rename(staging, join(models, folder))
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

/** An entry to be, its files, and the entry that it takes the place of. */
export interface NewEntry {
  entry: ModelEntry
  /** Where each file of the entry lies, durable, with its sidecar. */
  sources: readonly string[]
  replaced: ModelEntry | null
}

/**
 * Lets the entries appear, or take the place of those that they replace, files first. The rename of the first entry decides: the
 * others (its projector) are finished by the next start where this one dies in between. Files get a second name, so that a death
 * costs the names and not the files, which stay where they lie.
 * @param others every other entry, former ones too: their files stay
 * @returns what was replaced, its files still there
 * @throws Hal0Error `storage.full`, `storage.failed`; then everything is as it was
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
      const path = retiredPath(models, replaced.id)
      undo.push(() => unlink(path).catch(unlessGone))
      await writeFileAtomic(path, entryText(replaced), doing)
      retired.push({ path, entry: replaced })
    }
    const kept = [...others, ...retired.map(({ entry }) => entry)]
    for (const { entry } of all) {
      const path = pendingPath(models, entry.id)
      undo.push(() => discard(models, { path, entry }, kept))
      await writeFileAtomic(path, entryText(entry), doing)
    }
    for (const { entry, sources } of all) await linkFiles(models, entry.files, sources)
    for (const { entry, replaced } of all) {
      const [pending, final] = [pendingPath(models, entry.id), entryPath(models, entry.id)]
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
    throw storageError(error, entryPath(models, all[0].entry.id), doing)
  }
}

const linkFiles = async (models: string, files: readonly ModelFile[], sources: readonly string[]): Promise<void> => {
  for (const [index, file] of files.entries()) {
    const from = sources[index]
    const to = join(models, file.path)
    if (from === undefined || (await isWhole(to, file))) continue
    await makeFolder(dirname(to))
    await linkOver(models, from, to)
    await linkOver(models, sidecarPath(from), sidecarPath(to))
    await syncFolder(dirname(to))
  }
}

/** Whether the very file lies there already: another model has it, too. */
const isWhole = async (path: string, { size, sha256 }: ModelFile): Promise<boolean> => {
  try {
    const found = await stat(path)
    return found.isFile() && found.size === size && (await readSidecar(path)) === sha256
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false
    throw error
  }
}

/** Gives `from` the name `to` as well, at once: whoever has the file that was called so until now goes on with that. */
const linkOver = async (models: string, from: string, to: string): Promise<void> => {
  // Called like the other temporary files here, so that the next start removes it.
  const temp = join(models, `.link.${randomBytes(8).toString('hex')}.tmp`)
  await link(from, temp)
  try {
    await rename(temp, to)
  } finally {
    // Where both were names of one file already, a rename leaves them both.
    await unlink(temp).catch(unlessGone)
  }
}

/**
 * Removes a model: its entry goes first.
 * @param others entries that stay, with their files
 * @throws Hal0Error `storage.failed`; when the entry is gone already, the next start removes what is left
 */
export const withdrawEntry = async (models: string, entry: ModelEntry, others: Iterable<ModelEntry>): Promise<void> => {
  const removed = removedPath(models, entry.id)
  try {
    await rename(entryPath(models, entry.id), removed)
    await syncFolder(models)
    await discard(models, { path: removed, entry }, others)
  } catch (error) {
    throw storageError(error, entryPath(models, entry.id), `remove the model ${entry.id}`)
  }
}
