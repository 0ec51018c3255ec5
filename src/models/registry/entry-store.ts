/**
 * The registry's small files. `<id>.json` is the entry of a model, and exists exactly as long as the model does.
 * `.pending-<id>.json` is a future entry, `.removed-<id>.json` a removed one, and `.retired-<id>.<random>.json` a replaced one that a
 * slot may still run. Files that only these three list belong to no model. A model is added, replaced or removed by one rename
 * between these names. So a crash at any point leaves a complete model, or leftovers that the next start finds.
 */
import { readdir, rename, rm, rmdir, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ModelEntry } from '../../contract/models/model.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { modelId } from '../../lib/hub/names.ts'
import { parse } from '../../lib/validate.ts'
import { syncFolder } from '../../system/files/atomic-file.ts'
import { readTextIfThere } from '../../system/files/read-text.ts'
import { errnoOf, storageError } from '../../system/files/storage-error.ts'
import { entryPath, pathBelow } from '../naming/model-paths.ts'
import { sidecarPath } from '../verify/checksum.ts'

const entryName = /^([^.].*)\.json$/
const pendingName = /^\.pending-(.+)\.json$/
const removedName = /^\.removed-(.+)\.json$/
const retiredName = /^\.retired-(.+)\.[0-9a-f]{16}\.json$/
/** `.import-<random>`: files being imported. */
const stagingName = /^\.import-/

/** The file content of an entry. */
export const entryText = (entry: ModelEntry): string => `${JSON.stringify(entry, null, 2)}\n`

/** Ignores the error of a file operation if the file does not exist; rethrows any other. */
export const unlessGone = (error: unknown): void => {
  if (errnoOf(error) !== 'ENOENT') throw error
}

const readEntry = async (path: string, id: string): Promise<ModelEntry> => {
  const text = await readTextIfThere(path, 'read a model entry')
  let value: unknown
  try {
    value = JSON.parse(text ?? '')
  } catch {
    // Whatever the parser's reason is: cut off, garbage, or nested too deeply.
    throw new Hal0Error('model.corrupt', `${path} is not valid JSON.`)
  }
  const entry = parse(ModelEntry, value, path)
  if (entry.id !== id) throw new Hal0Error('model.corrupt', `${path} describes another model, ${entry.id}.`)
  for (const file of entry.files) {
    const parts = file.path.split('/')
    if (parts.length < 2 || parts.some((part) => part === '' || part === '.' || part === '..')) {
      throw new Hal0Error('model.corrupt', `${path} lists ${file.path}, which is not a file in a model's folder.`)
    }
  }
  return entry
}

/** A pending, removed or replaced entry, with the path of its file. */
export interface FormerEntry {
  path: string
  entry: ModelEntry
}

export interface LoadedEntries {
  entries: Map<string, ModelEntry>
  /** Entries that were replaced, or could not be removed; their files may still exist. */
  retired: FormerEntry[]
  /** Sentences about unreadable entries, whose files stay as they are. */
  problems: string[]
}

/**
 * Reads every entry. Finishes changes that were interrupted after their deciding rename, and cleans up after those interrupted
 * before it.
 * @throws Hal0Error `storage.failed` when the folder itself cannot be read
 */
export const loadEntries = async (models: string): Promise<LoadedEntries> => {
  const items = await readdir(models, { withFileTypes: true }).catch((error: unknown) => {
    throw storageError(error, models, 'read the model registry')
  })
  const loaded: LoadedEntries = { entries: new Map(), retired: [], problems: [] }
  const { entries, retired, problems } = loaded
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      const why = storageError(error, models, 'tidy up the model registry').message
      problems.push(
        `${why} It is left as it is, and the other models are not affected. Repair it or move it away, then restart hal0.`,
      )
    }
  }
  const read = async (pattern: RegExp): Promise<FormerEntry[]> => {
    const found: FormerEntry[] = []
    for (const item of items) {
      // Anything but a file in the place of an entry is damage: the model's files must not count as orphans. A folder
      // `OWNER--NAME.json`, however, may belong to a repository with that name.
      const id = item.isDirectory() && item.name.includes('--') ? undefined : pattern.exec(item.name)?.[1]
      const path = pathBelow(models, item.name)
      if (id !== undefined) await attempt(async () => void found.push({ path, entry: await readEntry(path, id) }))
    }
    return found
  }
  for (const { entry } of await read(entryName)) entries.set(entry.id, entry)
  // An unreadable entry may share files with a former one. Then no listed file is removed.
  const complete = problems.length === 0
  retired.push(...(await read(retiredName)))
  const leftovers = await read(removedName)
  for (const one of await read(pendingName)) {
    if (isAnnounced(one.entry, entries.values())) await attempt(() => finish(models, one, entries))
    else leftovers.push(one)
  }
  for (const one of leftovers) {
    if (complete) await attempt(() => discard(models, one, [...entries.values(), ...retired.map(({ entry }) => entry)]))
    else retired.push(one)
  }
  for (const { name } of items) {
    if (stagingName.test(name)) await attempt(() => rm(pathBelow(models, name), { recursive: true }))
  }
  return loaded
}

/** Whether a model names this projector by its checksum: then the projector's entry was meant to follow at once. */
const isAnnounced = ({ id, files }: ModelEntry, entries: Iterable<ModelEntry>): boolean =>
  [...entries].some(({ source }) => source?.mmproj?.id === id && source.mmproj.sha256 === files[0]?.sha256)

const finish = async (
  models: string,
  { path, entry }: FormerEntry,
  entries: Map<string, ModelEntry>,
): Promise<void> => {
  await rename(path, entryPath(models, modelId(entry.id)))
  await syncFolder(models)
  entries.set(entry.id, entry)
}

/** Removes the files of a former entry that no other entry has, then its record. Of a linked file, only the link is removed. */
export const discard = async (
  models: string,
  { path: record, entry }: FormerEntry,
  others: Iterable<ModelEntry>,
): Promise<void> => {
  const kept = pathsOf(others)
  for (const { path } of entry.files) {
    if (kept.has(path)) continue
    const file = pathBelow(models, path)
    await unlink(file).catch(unlessGone)
    await unlink(sidecarPath(file)).catch(unlessGone)
    await removeEmptyFolders(models, dirname(path))
  }
  await unlink(record).catch(unlessGone)
  await syncFolder(models)
}

/** All paths below models/ that belong to the entries. */
export const pathsOf = (entries: Iterable<ModelEntry>): Set<string> => {
  const paths = new Set<string>()
  for (const { files } of entries) for (const { path } of files) paths.add(path)
  return paths
}

/** Removes `folder`, which is below models/, and its parents, as far as they are empty. */
export const removeEmptyFolders = async (models: string, folder: string): Promise<void> => {
  for (let at = folder; at !== '.'; at = dirname(at)) {
    try {
      await rmdir(pathBelow(models, at))
    } catch (error) {
      const errno = errnoOf(error)
      // Files of other models, or something that a user put there: it must stay.
      if (errno === 'ENOTEMPTY' || errno === 'EEXIST') return
      unlessGone(error)
    }
  }
}
