/** Decides which entries, with which ids and paths, are made for downloaded files. The registry commits the result. */
import { stat } from 'node:fs/promises'
import type { ModelEntry, ModelSource } from '../../contract/models/model.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { digest, remotePath, repoRef } from '../../lib/hub/names.ts'
import { errnoOf } from '../../system/files/storage-error.ts'
import { type FormatTable, formatOf } from '../formats/table.ts'
import type { ModelFacts } from '../gguf/model-facts.ts'
import { pathBelow } from '../naming/model-paths.ts'
import { hashFile } from '../verify/checksum.ts'
import type { NewEntry } from './entry-commit.ts'
import { projectorId, projectorOf } from './identity.ts'
import { placeFiles } from './placement.ts'

export interface ReceivedFile {
  /** Path in the repository. */
  path: string
  size: number
  sha256: string
  /** Its current absolute path; its sidecar is beside it. */
  from: string
}

/** A model whose files are ready to be registered. */
export interface Registration {
  id: string
  /** The repository's name at the hub and the commit, or the package. */
  source: Pick<ModelSource, 'repo' | 'revision' | 'ref' | 'package'>
  /** First shard first. */
  files: readonly ReceivedFile[]
  /** The vision projector that comes with it; it gets an entry of its own. */
  mmproj: ReceivedFile | null
  /** The entry that may be replaced: the one that the id named at the time of the request; null: the id must be free. */
  over: ModelEntry | null
}

/** What the headers say about the model and its projector. */
export interface ReceivedFacts {
  model: ModelFacts
  mmproj: ModelFacts | null
}

const factsOf = async (
  files: readonly ReceivedFile[],
  id: string,
  isProjector: boolean,
  formats: FormatTable,
): Promise<ModelFacts> => {
  const [first] = files
  if (first === undefined) throw new Hal0Error('internal', `The model ${id} has no files.`)
  const paths = files.map(({ from }) => from)
  return await formatOf(first.path, formats).readFacts(paths, first.path, id, isProjector)
}

/** @throws Hal0Error `model.invalid_file`, `storage.failed` */
export const readFacts = async ({ id, files, mmproj }: Registration, formats: FormatTable): Promise<ReceivedFacts> => ({
  model: await factsOf(files, id, false, formats),
  mmproj: mmproj === null ? null : await factsOf([mmproj], projectorId(id, 1), true, formats),
})

/** The state of the registry at the moment of the decision. */
export interface RegistryView {
  /** The models folder. */
  folder: string
  get(id: string): ModelEntry | null
  /** Whether an import or a removal is working on this id. */
  isBusy(id: string): boolean
  /** Whether all files of the entry exist with the right size. */
  isWhole(entry: ModelEntry): boolean
  /** Every entry, including replaced ones that still have their files. */
  all: readonly ModelEntry[]
}

/**
 * @returns the model first, then its projector if that needs a new entry
 * @throws Hal0Error `model.exists` when the id names something that must not be replaced; `storage.failed`
 */
export const planRegistration = async (
  registration: Registration,
  facts: ReceivedFacts,
  registry: RegistryView,
): Promise<[NewEntry, ...NewEntry[]]> => {
  const { id, source, files, mmproj, over } = registration
  const before = registry.get(id)
  if (before !== null && before !== over) throw takenMeanwhile(id)
  const created_at = new Date().toISOString()
  const make = async (as: string, what: readonly ReceivedFile[], is: ModelFacts, ofIt: ModelSource) => {
    const place = { repo: repoRef(source.repo), commit: source.revision }
    const named = what.map(({ path, sha256 }) => ({ path: remotePath(path), sha256: digest(sha256) }))
    const paths = await placeFiles(place, named, (path, sha256) => contentAt(registry, path, sha256))
    const placed = what.map(({ size, sha256 }, index) => ({ path: paths[index] ?? '', size, sha256 }))
    return { id: as, ...is, files: placed, source: ofIt, created_at } satisfies ModelEntry
  }
  const sourceOf = (what: readonly ReceivedFile[]): ModelSource => ({ ...source, files: what.map(({ path }) => path) })
  const sourcesOf = (what: readonly ReceivedFile[]): string[] => what.map(({ from }) => from)

  const projector = mmproj === null ? null : idForProjector(id, mmproj.sha256, before, registry)
  const tie = mmproj === null || projector === null ? {} : { mmproj: tieOf(projector.id, mmproj) }
  const entry = await make(id, files, facts.model, { ...sourceOf(files), ...tie })
  const model: NewEntry = { entry, sources: sourcesOf(files), replaced: before }
  if (mmproj === null || projector === null || facts.mmproj === null || projector.isThere) return [model]
  const own = await make(projector.id, [mmproj], facts.mmproj, sourceOf([mmproj]))
  return [model, { entry: own, sources: [mmproj.from], replaced: projector.replaced }]
}

const tieOf = (id: string, { path, sha256 }: ReceivedFile) => ({ id, file: path, sha256 })

const takenMeanwhile = (id: string): Hal0Error =>
  new Hal0Error(
    'model.exists',
    `The id ${id} was given to another model while this one was pulled. What was received is kept: pull it under another id (hal0 model pull … --id OTHER), or in place of what ${id} names now (hal0 model pull … --replace).`,
    { param: 'id', details: { id } },
  )

interface ProjectorPlace {
  id: string
  replaced: ModelEntry | null
  /** The same projector already has this id. */
  isThere: boolean
}

/** `<id>-mmproj`, or the next such id if that one belongs to something else. */
const idForProjector = (
  id: string,
  sha256: string,
  model: ModelEntry | null,
  { get, isBusy, isWhole, all }: RegistryView,
): ProjectorPlace => {
  const old = model === null ? null : projectorOf(model, get)
  const belongsToOthers = (candidate: string): boolean =>
    all.some((entry) => entry.id !== id && get(entry.id) === entry && entry.source?.mmproj?.id === candidate)
  for (let n = 1; ; n++) {
    const candidate = projectorId(id, n)
    if (isBusy(candidate)) continue
    const there = get(candidate)
    if (there === null) return { id: candidate, replaced: null, isThere: false }
    const [file] = there.files
    const isSame = there.files.length === 1 && file?.sha256 === sha256
    if (isSame && isWhole(there)) return { id: candidate, replaced: null, isThere: true }
    // A lost file that was imported is not repaired here: whoever imported it has to do that.
    const isOwn = old?.id === candidate && file?.sha256 === old.sha256
    const mayReplace = isSame ? there.source !== null : isOwn && !belongsToOthers(candidate)
    if (mayReplace) return { id: candidate, replaced: there, isThere: false }
  }
}

/** See `ContentAt`. A file that no entry has was put there by somebody: its name may be used only for the same content. */
const contentAt = async (registry: RegistryView, path: string, sha256: string): Promise<string | null> => {
  const owners = registry.all.flatMap(({ files }) => files.filter((file) => file.path === path))
  if (owners.length > 0) return owners.every((file) => file.sha256 === sha256) ? sha256 : 'other'
  const at = pathBelow(registry.folder, path)
  try {
    const found = await stat(at)
    return found.isFile() ? (await hashFile(at)).sha256 : 'other'
  } catch (error) {
    const errno = errnoOf(error)
    if (errno === 'ENOENT') return null
    if (errno === null) throw error
    // A file in the place of a folder, a circular link, or something unreadable.
    return 'other'
  }
}
