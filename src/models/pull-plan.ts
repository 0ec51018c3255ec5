/** Which files a pull brings, and what they are to be checked against. Pure. */
import type { PullRequest } from '../contract/pull.ts'
import { Hal0Error } from '../lib/hal0-error.ts'
import { pickModel } from './hub/choose-model.ts'
import { ggufFiles } from './hub/gguf-files.ts'
import type { HubRepository } from './hub/hub-client.ts'
import { remoteFiles } from './hub/hub-origin.ts'
import { pickProjector } from './hub/pick-projector.ts'
import type { RemoteFile } from './pull/origin.ts'

export interface PullPlan {
  /** First shard first. */
  model: RemoteFile[]
  /** A model of its own in the registry. */
  projector: RemoteFile | null
}

/**
 * @param hasToken whether the hub was asked with a token
 * @throws Hal0Error `pull.not_found`, `pull.ambiguous`, `pull.gated`, `pull.network`
 */
export const planPull = (repository: HubRepository, { file, mmproj }: PullRequest, hasToken: boolean): PullPlan => {
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
  return {
    model: remoteFiles(repository, model.files, hasToken),
    projector: projector === null ? null : (remoteFiles(repository, [projector], hasToken)[0] ?? null),
  }
}

/** Folder of a repository below models/ (spec §3). */
export const safeRef = (repo: string): string => repo.replace('/', '--')
