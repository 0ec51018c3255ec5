/** Turns a repository into offers of the contract, and marks which of them match a request. Pure. */
import type { HubRepository as Answer, HubOffer } from '../../../contract/models/pull.ts'
import { fitOfFiles } from '../../fit/model-fits.ts'
import type { Room } from '../../fit/room.ts'
import { modelIds } from '../../naming/default-id.ts'
import { type GgufModel, ggufFiles, ggufGroups } from '../client/gguf-files.ts'
import type { HubRepository } from '../client/hub-client.ts'
import { choiceError, chooseModel, type ModelSelector } from './choose-model.ts'

/** The offers, from whichever source. */
export type Offers = Omit<Answer, 'problem'>

interface Machine {
  /** null: it does not say. */
  room: Room | null
  /** Whether the registry has a model of this id. */
  isHere: (id: string) => boolean
}

/**
 * @throws Hal0Error `pull.not_found` if nothing matches the request; without a specific request, a repository without models is an
 * answer
 */
export const offersOf = (repository: HubRepository, selector: ModelSelector, { room, isHere }: Machine): Offers => {
  const { repo, files, commit, gated } = repository
  const paths = ggufGroups(files).map(({ path }) => path)
  const ids = new Map(modelIds(paths, repo).map((id, index) => [paths[index], id]))
  const offer = ({ path, quantization, size, files: shards }: GgufModel): HubOffer => {
    const id = ids.get(path) ?? ''
    const fit = fitOfFiles(size, room)
    return { id, file: path, quantization, size, shards: shards.length, fit, installed: isHere(id) }
  }
  const choice = chooseModel(repo, files, selector)
  if (choice.kind === 'none' && (selector.file !== null || selector.folder !== null))
    throw choiceError(repo, files, selector, choice)
  const { models, projectors } = ggufFiles(repo, files)
  const wanted = choice.kind === 'one' ? [choice.model] : choice.kind === 'several' ? choice.models : []
  return {
    repo,
    revision: commit,
    gated,
    models: models.filter(({ missing }) => missing.length === 0).map(offer),
    wanted: wanted.map(offer),
    mmproj: projectors.map(({ path, size }) => ({ file: path, size })),
  }
}
