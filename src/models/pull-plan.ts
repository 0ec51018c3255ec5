/** Which files a pull brings, and what they are to be checked against. Pure. */
import type { PullRequest } from '../contract/pull.ts'
import { Hal0Error } from '../lib/hal0-error.ts'
import { defaultId } from './file-name.ts'
import { ggufFiles, pickModel, pickProjector } from './hub/gguf-files.ts'
import type { HubRepository } from './hub/hub-client.ts'
import type { HubFile } from './hub/hub-json.ts'
import type { RemoteFile } from './pull/origin.ts'

export interface PullPlan {
  /** First shard first. */
  model: RemoteFile[]
  /** A model of its own in the registry. */
  projector: RemoteFile | null
}

/** The hub hides the sums of a gated repository from those without access. */
const withSum = (repository: HubRepository, { path, size, sha256, blobSha1 }: HubFile): RemoteFile => {
  if (sha256 !== null) return { path, size, sum: { kind: 'sha256', hex: sha256 } }
  if (blobSha1 !== null) return { path, size, sum: { kind: 'git-sha1', hex: blobSha1 } }
  const { repo, gated } = repository
  if (gated) {
    throw new Hal0Error(
      'pull.gated',
      `Access to ${repo} has to be asked for at https://huggingface.co/${repo}; then give hal0 a token of that account (HF_TOKEN).`,
      { details: { repo, page: `https://huggingface.co/${repo}` } },
    )
  }
  throw new Hal0Error(
    'pull.network',
    `The hub does not say what ${path} of ${repo} has to sum up to, so that it cannot be verified. Try again later.`,
    {
      details: { repo, file: path },
    },
  )
}

/** @throws Hal0Error `pull.not_found`, `pull.gated`, `pull.network` */
export const planPull = (repository: HubRepository, { file, mmproj }: PullRequest): PullPlan => {
  const model = pickModel(repository.repo, repository.files, file)
  const { projectors } = ggufFiles(repository.files)
  const projector = mmproj === true ? pickProjector(model, projectors) : null
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
  return {
    model: model.files.map((one) => withSum(repository, one)),
    projector: projector === null ? null : withSum(repository, projector),
  }
}

/** Folder of a repository below models/ (spec §3). */
export const safeRef = (repo: string): string => repo.replace('/', '--')

/** The id that a file of a repository gets by default. */
export const idOf = (path: string): string => defaultId(path.slice(path.lastIndexOf('/') + 1))
