/** Whether the model under a taken id is exactly the requested one, and complete: by repository, commit, files and projector. */
import type { ModelEntry, ModelSource } from '../../../contract/models/model.ts'
import type { HubPull, PullRequest } from '../../../contract/models/pull.ts'
import { isPackagePull, repoOf } from '../../../contract/models/pull-place.ts'
import { Hal0Error } from '../../../lib/hal0-error.ts'
import type { HubClient, HubRepository } from '../../hub/client/hub-client.ts'
import { type Asked, hasSameFiles, isAtRevision, projectorOf, sameRepo, taken } from '../../registry/identity.ts'
import type { ModelLookup } from '../../registry/registry-port.ts'
import { isAsVerified } from '../../verify/checksum.ts'
import { packageRepository } from '../package/package-repository.ts'
import { chooseFiles } from './pull-plan.ts'

export interface JustThisDeps {
  hub: Pick<HubClient, 'repository'>
  registry: Pick<ModelLookup, 'get' | 'filePaths' | 'lost'>
}

/** How the model under an id compares to the requested one. */
export type Verdict =
  /** The same, with every file as it was registered: there is nothing to do. */
  | { kind: 'whole' }
  /** The same, but a file is missing or not as it was verified: it has to be fetched again. */
  | { kind: 'lost' }
  /** Something else. */
  | { kind: 'other'; refusal: Hal0Error }

/** How long the hub may take if the installed model can do without its answer, milliseconds. */
const patienceMs = 15_000

/** What a request means at the commit that the hub named. @throws Hal0Error `pull.not_found` */
export const askedOf = (repository: HubRepository, request: PullRequest): Asked => {
  const { model, projector } = chooseFiles(repository, request)
  const { repo, commit: revision } = repository
  return { repo, revision, files: model.files, mmproj: projector }
}

/** Answers the question, once the hub has said what is requested. */
export const judge = async (
  deps: JustThisDeps,
  entry: ModelEntry,
  asked: Asked,
  signal: AbortSignal,
): Promise<Verdict> => {
  const mmproj = projectorOf(entry, (id) => deps.registry.get(id))
  const isSame = hasSameFiles(entry, mmproj, asked) && (await isOneRepository(deps, entry, asked.repo, signal))
  if (isSame) return await judgeFiles(deps, entry, asked.mmproj === null ? null : mmproj)
  const files = asked.files.map(({ path }) => path)
  return { kind: 'other', refusal: taken(entry, mmproj, { ...asked, files, mmproj: asked.mmproj?.path ?? null }) }
}

/** A renamed repository still answers under its old name, and states its new one. */
const isOneRepository = async (
  { hub }: JustThisDeps,
  { source }: ModelEntry,
  asked: string,
  signal: AbortSignal,
): Promise<boolean> => {
  if (source === null || sameRepo(source.repo, asked)) return source !== null
  // A package is never renamed, and the hub does not know it.
  if (source.package !== undefined || !asked.includes('/')) return false
  try {
    return sameRepo((await hub.repository(source.repo, 'main', signal)).repo, asked)
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof Hal0Error) return false
    throw error
  }
}

/** @param mmproj the projector that has to be installed as well */
const judgeFiles = async (
  { registry }: JustThisDeps,
  entry: ModelEntry,
  mmproj: ModelSource['mmproj'] | null,
): Promise<Verdict> => {
  const projector = mmproj === null || mmproj === undefined ? null : registry.get(mmproj.id)
  const isThere = mmproj === null || mmproj === undefined || projector?.files[0]?.sha256 === mmproj.sha256
  if (!isThere) return { kind: 'lost' }
  for (const one of projector === null ? [entry] : [entry, projector]) {
    if (registry.lost(one).length > 0) return { kind: 'lost' }
    const paths = registry.filePaths(one)
    for (const [index, file] of one.files.entries()) {
      if (!(await isAsVerified(paths[index] ?? '', file))) return { kind: 'lost' }
    }
  }
  return { kind: 'whole' }
}

/** What a pull finds under its id: the same model, complete or not, or the model to replace. */
export interface HereForPull {
  kind: Verdict['kind']
  entry: ModelEntry
}

/**
 * @param before what the id named when the pull was requested: nothing else is replaced
 * @returns null: the id is free
 * @throws Hal0Error `model.exists` when the id names something that must not be replaced
 */
export const judgeForPull = async (
  deps: JustThisDeps,
  id: string,
  request: PullRequest,
  repository: HubRepository,
  before: ModelEntry | null,
  signal: AbortSignal,
): Promise<HereForPull | null> => {
  const entry = deps.registry.get(id)
  if (entry === null) return null
  const verdict = await judge(deps, entry, askedOf(repository, request), signal)
  const mayReplace = request.replace === true && entry === before
  if (verdict.kind === 'other' && !mayReplace) throw verdict.refusal
  return { kind: verdict.kind, entry }
}

export interface Question {
  request: PullRequest
  /** The earlier request for the model, perhaps under an older name of its repository. */
  before: PullRequest | null
  /** What counts while the hub cannot be reached: the installed model, or nothing. */
  offline: 'here' | 'nothing'
}

/**
 * Answers the question from the start. `main` (also the default revision) means what the hub has there now. If its content differs,
 * the request is refused, since the id keeps its meaning; `update` and `replace` are the ways to change it. While the hub cannot be
 * reached, the model installed under that name counts, so that a complete one works offline.
 * @throws Hal0Error of the hub, if only the hub knows the answer
 */
export const askWhetherHere = async (
  deps: JustThisDeps,
  entry: ModelEntry,
  { request, before, offline }: Question,
): Promise<Verdict> => {
  if (isPackagePull(request)) {
    const asked = askedOf(packageRepository(request), request)
    return await judge(deps, entry, asked, AbortSignal.timeout(patienceMs))
  }
  const { source } = entry
  const isPinned = source !== null && request.revision === source.revision
  if (isPinned && fits(deps, entry, request, before) === 'yes') return judgeAsHere(deps, entry, request)
  const signal = AbortSignal.timeout(patienceMs)
  try {
    const repository = await deps.hub.repository(request.repo, request.revision ?? 'main', signal)
    return await judge(deps, entry, askedOf(repository, request), signal)
  } catch (error) {
    const why = signal.aborted ? silent() : error
    if (!(why instanceof Hal0Error) || !why.code.startsWith('pull.') || offline === 'nothing') throw why
    const fit = fits(deps, entry, request, before)
    if (fit === 'yes') return judgeAsHere(deps, entry, request)
    if (fit === 'unknown' || why.code === 'pull.not_found') throw why
    const asked = { repo: request.repo, revision: null, files: [request.file], mmproj: null }
    const mmproj = projectorOf(entry, (id) => deps.registry.get(id))
    return { kind: 'other', refusal: taken(entry, mmproj, asked) }
  }
}

const silent = (): Hal0Error =>
  new Hal0Error('pull.network', `The hub did not answer within ${patienceMs / 1000} s. Try again later.`)

const judgeAsHere = (deps: JustThisDeps, entry: ModelEntry, { mmproj }: HubPull): Promise<Verdict> =>
  judgeFiles(deps, entry, mmproj === true ? projectorOf(entry, (id) => deps.registry.get(id)) : null)

/** What the entry alone says about a request: 'unknown' if that depends on what the hub has. */
export const fits = (
  { registry }: Pick<JustThisDeps, 'registry'>,
  entry: ModelEntry,
  request: HubPull,
  before: PullRequest | null,
): 'yes' | 'no' | 'unknown' => {
  const { source } = entry
  if (source === null) return 'no'
  const names = before === null ? [source.repo] : [source.repo, repoOf(before)]
  if (!names.some((name) => sameRepo(name, request.repo))) return 'no'
  if (!isNamed(source, request)) return 'no'
  if (!isAtRevision(source, request.revision ?? 'main')) return 'unknown'
  const lacks = request.mmproj === true && projectorOf(entry, (id) => registry.get(id)) === null
  return lacks ? 'unknown' : 'yes'
}

/** Whether the request's file, or label, means these files. */
const isNamed = ({ repo, revision, files }: ModelSource, { file }: HubPull): boolean => {
  const known = files.map((path) => ({ path, size: 0, sha256: null, blobSha1: null }))
  try {
    chooseFiles({ repo, commit: revision, gated: false, files: known, refused: [] }, { file })
    return true
  } catch (error) {
    if (error instanceof Hal0Error) return false
    throw error
  }
}
