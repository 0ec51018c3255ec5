/** Which files a pull gets, and what they are checked against. Pure. */
import type { ModelEntry } from '../../../contract/models/model.ts'
import type { HubPull, PullRequest } from '../../../contract/models/pull.ts'
import { isPackagePull } from '../../../contract/models/pull-place.ts'
import { Hal0Error } from '../../../lib/hal0-error.ts'
import { type GgufModel, ggufFiles } from '../../hub/client/gguf-files.ts'
import type { HubRepository } from '../../hub/client/hub-client.ts'
import type { HubFile } from '../../hub/client/hub-json.ts'
import { pickModel } from '../../hub/offers/choose-model.ts'
import { pickProjector } from '../../hub/offers/pick-projector.ts'
import type { ReceivedFile, Registration } from '../../registry/registration.ts'
import type { RemoteFile } from '../origin/origin.ts'
import { archiveFile } from '../package/package-repository.ts'
import { remoteFiles } from '../thread/hub-origin.ts'

export interface PullPlan {
  /** First shard first. */
  model: RemoteFile[]
  /** A model of its own in the registry. */
  projector: RemoteFile | null
}

/** Every file of a pull. */
export const filesOf = ({ model, projector }: PullPlan): RemoteFile[] =>
  projector === null ? model : [...model, projector]

/** What is downloaded of a plan: its files, or the archive that has them. */
export const fetchedOf = (plan: PullPlan, request: PullRequest): RemoteFile[] =>
  isPackagePull(request) ? [archiveFile(request.package)] : filesOf(plan)

/**
 * The files that a request means.
 * @throws Hal0Error `pull.not_found`, `pull.ambiguous`
 */
export const chooseFiles = (
  repository: HubRepository,
  { file, mmproj }: Pick<HubPull, 'file' | 'mmproj'>,
): { model: GgufModel; projector: HubFile | null } => {
  const model = pickModel(repository.repo, repository.files, { file, folder: null })
  const { projectors } = ggufFiles(repository.repo, repository.files)
  const others = projectors.filter(({ path }) => path !== model.path)
  const projector = mmproj === true ? pickProjector(model, others) : null
  if (mmproj === true && projector === null) {
    throw new Hal0Error(
      'pull.not_found',
      `${repository.repo} has no vision projector (mmproj). Pull the model without it.`,
      {
        param: 'mmproj',
        details: { repo: repository.repo },
      },
    )
  }
  return { model, projector }
}

/**
 * @param hasToken whether the hub was asked with a token
 * @throws Hal0Error `pull.not_found`, `pull.ambiguous`, `pull.gated`, `pull.network`
 */
export const planPull = (repository: HubRepository, request: PullRequest, hasToken: boolean): PullPlan => {
  const { model, projector } = chooseFiles(repository, request)
  return {
    model: remoteFiles(repository, model.files, hasToken),
    projector: projector === null ? null : (remoteFiles(repository, [projector], hasToken)[0] ?? null),
  }
}

interface Received {
  id: string
  request: PullRequest
  repository: Pick<HubRepository, 'repo' | 'commit'>
  plan: PullPlan
  /** Where each file is, by its path in the repository. */
  received: ReadonlyMap<string, { from: string; sha256: string }>
  /** The entry of the id: the same model with a missing file, or the model to replace; null: the id is free. */
  here: { kind: 'whole' | 'lost' | 'other'; entry: ModelEntry } | null
}

/** A restored model keeps following the same branch. */
const followedRef = ({ revision }: HubPull, here: Received['here']): string | undefined =>
  here?.kind === 'lost' ? here.entry.source?.ref : revision

export const registrationOf = ({ id, request, repository, plan, received, here }: Received): Registration => {
  const { repo, commit: revision } = repository
  const ref = isPackagePull(request) ? undefined : followedRef(request, here)
  const file = ({ path, size }: RemoteFile): ReceivedFile => {
    const lying = received.get(path)
    if (lying === undefined) throw new Error(`${path} was not received`)
    return { path, size, ...lying }
  }
  return {
    id,
    source: {
      repo,
      revision,
      ...(ref === undefined || ref === 'main' ? {} : { ref }),
      ...(isPackagePull(request) ? { package: request.package } : {}),
    },
    files: plan.model.map(file),
    mmproj: plan.projector === null ? null : file(plan.projector),
    over: here?.entry ?? null,
  }
}
