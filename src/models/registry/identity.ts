/** Whether what is asked for is what an id names: repository, files by their content, and projector. Pure. */
import type { ModelEntry, ModelSource } from '../../contract/models/model.ts'
import type { PullRequest } from '../../contract/models/pull.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'

export interface AskedFile {
  /** In the repository. */
  path: string
  /** null where the hub does not say: then only the same commit has the same content. */
  sha256: string | null
}

/** What a request means, as the hub has it. */
export interface Asked {
  /** As the hub writes it now. */
  repo: string
  /** Commit. */
  revision: string
  /** First shard first. */
  files: readonly AskedFile[]
  /** null: none is asked for. One that is here all the same is in nobody's way. */
  mmproj: AskedFile | null
}

/** The hub does not tell repositories apart by case. */
export const sameRepo = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

/** The id of the projector that comes with a model. `n`: where the ones before are taken by others. */
export const projectorId = (id: string, n: number): string => {
  const suffix = n === 1 ? '-mmproj' : `-mmproj-${n}`
  // An id has at most 127 characters.
  return `${id.slice(0, 127 - suffix.length)}${suffix}`
}

/** The projector that a model was brought with. Entries of older versions do not name it: it is told by its id and commit. */
export const projectorOf = (
  { id, source }: ModelEntry,
  get: (id: string) => ModelEntry | null,
): ModelSource['mmproj'] | null => {
  if (source === null) return null
  if (source.mmproj !== undefined) return source.mmproj
  const found = get(projectorId(id, 1))
  const [file] = found?.files ?? []
  const [path] = found?.source?.files ?? []
  if (found?.kind !== 'mmproj' || found.source === null || file === undefined || path === undefined) return null
  if (!sameRepo(found.source.repo, source.repo) || found.source.revision !== source.revision) return null
  return { id: found.id, file: path, sha256: file.sha256 }
}

/**
 * Whether the entry names just the bytes that are asked for. What is compared is content, so a branch that moved without
 * touching these files changes nothing. The repository is left to who calls: it may have been renamed.
 * @param mmproj the entry's projector
 */
export const hasSameFiles = (
  { files, source }: ModelEntry,
  mmproj: ModelSource['mmproj'] | null,
  asked: Asked,
): boolean => {
  if (source === null || source.files.length !== asked.files.length) return false
  const sameContent = (here: string | undefined, there: string | null): boolean =>
    there === null ? source.revision === asked.revision : here === there
  const sameFiles = asked.files.every(
    ({ path, sha256 }, index) => source.files[index] === path && sameContent(files[index]?.sha256, sha256),
  )
  if (!sameFiles || asked.mmproj === null) return sameFiles
  return mmproj?.file === asked.mmproj.path && sameContent(mmproj.sha256, asked.mmproj.sha256)
}

/**
 * Whether a source is what a revision named when it was pulled: by its commit, or the start of that, or by the branch or tag.
 */
export const isAtRevision = ({ revision: commit, ref = 'main' }: ModelSource, asked: string): boolean =>
  asked === ref || (/^[0-9a-f]{7,40}$/.test(asked) && commit.startsWith(asked))

/** Two requests for one id that mean the same. Whether it may replace is no part of what is asked for. */
export const sameRequest = (a: PullRequest, b: PullRequest): boolean =>
  sameRepo(a.repo, b.repo) &&
  a.file === b.file &&
  (a.revision ?? 'main') === (b.revision ?? 'main') &&
  (a.mmproj ?? false) === (b.mmproj ?? false)

/** A request that brings exactly what the entry says; null for one that did not come from the hub. */
export const requestOf = (entry: ModelEntry, mmproj: ModelSource['mmproj'] | null): PullRequest | null => {
  const [file] = entry.source?.files ?? []
  if (entry.source === null || file === undefined) return null
  const { repo, revision } = entry.source
  return { repo, file, revision, ...(mmproj === null || mmproj === undefined ? {} : { mmproj: true }) }
}

const shortCommit = (revision: string): string => revision.slice(0, 12)

/** The id is taken by something else than what is asked for. */
export const taken = (
  { id, source }: ModelEntry,
  mmproj: ModelSource['mmproj'] | null,
  asked: { repo: string; revision: string | null; files: readonly string[]; mmproj: string | null },
): Hal0Error => {
  const [file = '?'] = asked.files
  const there = `${file} of ${asked.repo}${asked.revision === null ? '' : ` at ${shortCommit(asked.revision)}`}`
  const here =
    source === null
      ? 'a file that was imported'
      : `${source.files[0]} of ${source.repo} at ${shortCommit(source.revision)}`
  const both = (name: string | null | undefined): string =>
    name === null || name === undefined ? 'without a projector' : `with ${name}`
  const projectors = asked.mmproj === null || source === null ? ['', ''] : [mmproj?.file, asked.mmproj].map(both)
  const moved = source !== null && sameRepo(source.repo, asked.repo) && source.files[0] === file
  const sentence = `The id ${id} names ${`${here} ${projectors[0]}`.trim()}, and what is asked for is ${`${there} ${projectors[1]}`.trim()}.`
  const update = moved ? ` To follow the repository: hal0 model update ${id}.` : ''
  const wayOut = ` Pull it under another id (--id OTHER), or in place of what ${id} names now (--replace).`
  return new Hal0Error('model.exists', `${sentence}${wayOut}${update}`, {
    param: 'id',
    details: {
      id,
      here: source === null ? null : { ...source, mmproj: mmproj ?? null },
      asked: { ...asked },
    },
  })
}
