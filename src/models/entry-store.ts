/**
 * The registry's files. `<id>.json` is the entry of a model: it exists exactly while the model does. `.pending-<id>.json` is an
 * entry not yet or no more: the files that it lists belong to nobody. A model appears and goes by one rename between the two
 * names, so that a death at any point leaves a model whole or leftovers that the next start finds and removes.
 */
import { link, readdir, rename, rm, rmdir, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ModelEntry } from '../contract/model.ts'
import { Hal0Error } from '../lib/hal0-error.ts'
import { log } from '../lib/log.ts'
import { parse } from '../lib/validate.ts'
import { makeFolder, syncFolder, writeFileAtomic } from '../system/atomic-file.ts'
import { readTextIfThere } from '../system/read-text.ts'
import { errnoOf, storageError } from '../system/storage-error.ts'
import { sidecarPath } from './checksum.ts'

const entryName = /^([^.].*)\.json$/
const pendingName = /^\.pending-(.+)\.json$/
/** `.import-<random>`: files on their way in. */
const stagingName = /^\.import-/

export const stagingPath = (models: string, random: string): string => join(models, `.import-${random}`)
export const entryPath = (models: string, id: string): string => join(models, `${id}.json`)
const pendingPath = (models: string, id: string): string => join(models, `.pending-${id}.json`)

/** Throws away what a file operation throws when there is nothing (left) to do. */
const unlessGone = (error: unknown): void => {
  if (errnoOf(error) !== 'ENOENT') throw error
}

const readEntry = async (path: string, id: string): Promise<ModelEntry> => {
  const text = await readTextIfThere(path, 'read a model entry')
  let value: unknown
  try {
    value = JSON.parse(text ?? '')
  } catch {
    // Whatever the parser says of it: cut off, garbage, or nested without end.
    throw new Hal0Error('model.corrupt', `${path} is not valid JSON.`)
  }
  const entry = parse(ModelEntry, value, path)
  if (entry.id !== id) throw new Hal0Error('model.corrupt', `${path} describes another model, ${entry.id}.`)
  for (const file of entry.files) {
    const parts = file.path.split('/')
    if (parts.length < 2 || parts.some((part) => part === '' || part === '.' || part === '..')) {
      throw new Hal0Error('model.corrupt', `${path} lists ${file.path}, which is no file of a model's folder.`)
    }
  }
  return entry
}

export interface LoadedEntries {
  entries: Map<string, ModelEntry>
  /** Sentences about entries that could not be read; their files stay as they are. */
  problems: string[]
}

/**
 * Reads every entry and removes what interrupted imports and removals left.
 * @throws Hal0Error `storage.failed` when the folder itself cannot be read
 */
export const loadEntries = async (models: string): Promise<LoadedEntries> => {
  const items = await readdir(models, { withFileTypes: true }).catch((error: unknown) => {
    throw storageError(error, models, 'read the model registry')
  })
  const loaded: LoadedEntries = { entries: new Map(), problems: [] }
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      const why = storageError(error, models, 'tidy up the model registry').message
      loaded.problems.push(`${why} It is left as it is; the other models are not affected.`)
    }
  }
  for (const item of items) {
    const id = item.isFile() ? entryName.exec(item.name)?.[1] : undefined
    if (id === undefined) continue
    await attempt(async () => {
      loaded.entries.set(id, await readEntry(join(models, item.name), id))
    })
  }
  // An entry that cannot be read may share files with a pending one: then nothing listed there is removed.
  const complete = loaded.problems.length === 0
  for (const item of items) {
    const path = join(models, item.name)
    const id = pendingName.exec(item.name)?.[1]
    if (id !== undefined && complete) {
      await attempt(async () => discard(models, await readEntry(path, id), loaded.entries.values()))
    } else if (stagingName.test(item.name)) {
      await attempt(() => rm(path, { recursive: true }))
    }
  }
  return loaded
}

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
    await writeFileAtomic(pending, `${JSON.stringify(entry, null, 2)}\n`, doing)
    await rename(staging, join(models, folder))
    moved = true
    await syncFolder(models)
    await rename(pending, final)
    await syncFolder(models)
  } catch (error) {
    try {
      if (moved) {
        await rename(final, pending).catch(unlessGone)
        await discard(models, entry, [])
      } else await unlink(pending).catch(unlessGone)
    } catch (again) {
      log.warn(`could not undo the registration of ${entry.id}; the next start will`, again)
    }
    throw storageError(error, final, doing)
  }
}

/**
 * As commitEntry, into folders that other models may share: the files get a second name there, so that a death before the entry
 * appears costs the names and not the files, which stay in `staging`.
 * @param sources where each file of `entry` lies, durable, with its sidecar
 * @param others entries that are there already; a file that one of them has is taken for this one too
 * @throws Hal0Error `storage.full`, `storage.failed`
 */
export const linkEntry = async (
  models: string,
  entry: ModelEntry,
  sources: readonly string[],
  others: Iterable<ModelEntry>,
): Promise<void> => {
  const pending = pendingPath(models, entry.id)
  const doing = `register the model ${entry.id}`
  const shared = new Set([...others].flatMap(({ files }) => files.map(({ path, sha256 }) => `${sha256} ${path}`)))
  try {
    await writeFileAtomic(pending, `${JSON.stringify(entry, null, 2)}\n`, doing)
    for (const [index, { path, sha256 }] of entry.files.entries()) {
      const from = sources[index]
      if (from === undefined || shared.has(`${sha256} ${path}`)) continue
      const to = join(models, path)
      await makeFolder(dirname(to))
      for (const [source, target] of [
        [from, to],
        [sidecarPath(from), sidecarPath(to)],
      ] as const) {
        // What an earlier attempt left under the name, which no entry has.
        await unlink(target).catch(unlessGone)
        await link(source, target)
      }
      await syncFolder(dirname(to))
    }
    await rename(pending, entryPath(models, entry.id))
    await syncFolder(models)
  } catch (error) {
    throw storageError(error, entryPath(models, entry.id), doing)
  }
}

/**
 * Removes a model: its entry goes first.
 * @param others entries that stay, with their files
 * @throws Hal0Error `storage.failed`; when the entry is gone already, the next start removes what is left
 */
export const withdrawEntry = async (models: string, entry: ModelEntry, others: Iterable<ModelEntry>): Promise<void> => {
  try {
    await rename(entryPath(models, entry.id), pendingPath(models, entry.id))
    await syncFolder(models)
    await discard(models, entry, others)
  } catch (error) {
    throw storageError(error, entryPath(models, entry.id), `remove the model ${entry.id}`)
  }
}

/** Removes the files of a pending entry, then the pending entry. Of a linked file only the link goes. */
const discard = async (models: string, entry: ModelEntry, others: Iterable<ModelEntry>): Promise<void> => {
  const kept = new Set<string>()
  for (const other of others) for (const file of other.files) kept.add(file.path)
  for (const { path } of entry.files) {
    if (kept.has(path)) continue
    const file = join(models, path)
    await unlink(file).catch(unlessGone)
    await unlink(sidecarPath(file)).catch(unlessGone)
    await removeEmptyFolders(models, dirname(path))
  }
  await unlink(pendingPath(models, entry.id)).catch(unlessGone)
  await syncFolder(models)
}

const removeEmptyFolders = async (models: string, folder: string): Promise<void> => {
  for (let at = folder; at !== '.'; at = dirname(at)) {
    try {
      await rmdir(join(models, at))
    } catch (error) {
      const errno = errnoOf(error)
      // Other models' files, or something that a user put there: not ours to remove.
      if (errno === 'ENOTEMPTY' || errno === 'EEXIST') return
      unlessGone(error)
    }
  }
}
