/** Offers the installed models of a repository, for when the hub cannot be reached. Pure. */
import type { ModelEntry } from '../../../contract/models/model.ts'
import type { HubOffer } from '../../../contract/models/pull.ts'
import type { Room } from '../../fit/room.ts'
import { defaultId } from '../../naming/default-id.ts'
import { baseName } from '../client/gguf-files.ts'
import type { HubFile } from '../client/hub-json.ts'
import { chooseModel, type ModelSelector } from './choose-model.ts'
import { type Offers, offersOf } from './offers.ts'

/** A model of the repository that is completely installed. */
export interface LocalModel {
  entry: ModelEntry
  /** Its projector; null: it has none. */
  projector: { path: string; size: number } | null
}

const firstFile = ({ entry: { source } }: LocalModel): string => source?.files[0] ?? ''

/** For several entries of the same file, keeps the one with the default id, else the newest. */
const oneOfEach = (models: readonly LocalModel[]): LocalModel[] => {
  const isUsual = ({ entry: { id, source } }: LocalModel, file: string): boolean =>
    id === defaultId(baseName(file), source?.repo ?? null)
  return [...Map.groupBy(models, firstFile)].flatMap(([file, group]) => {
    const [best] = group.toSorted(
      (a, b) =>
        Number(isUsual(b, file)) - Number(isUsual(a, file)) || (a.entry.created_at < b.entry.created_at ? 1 : -1),
    )
    return best ?? []
  })
}

const filesOf = ({ entry, projector }: LocalModel): HubFile[] => {
  const known = (path: string, size: number, sha256: string | null): HubFile => ({ path, size, sha256, blobSha1: null })
  const model = entry.source?.files.map((path, index) =>
    known(path, entry.files[index]?.size ?? 0, entry.files[index]?.sha256 ?? null),
  )
  return [...(model ?? []), ...(projector === null ? [] : [known(projector.path, projector.size, null)])]
}

/**
 * @param repo owner/name
 * @param models of that repository, at the requested revision
 * @param room of this machine; null: it does not say
 * @returns offers with their local ids; null if none of them matches the request
 */
export const localOffers = (
  repo: string,
  models: readonly LocalModel[],
  selector: ModelSelector,
  room: Room | null,
): Offers | null => {
  const here = oneOfEach(models)
  const [first] = here
  const files = [...new Map(here.flatMap(filesOf).map((file) => [file.path, file])).values()]
  if (first === undefined || chooseModel(repo, files, selector).kind === 'none') return null
  const commit = first.entry.source?.revision ?? ''
  const offers = offersOf({ repo, commit, gated: false, files, refused: [] }, selector, {
    room,
    isHere: () => true,
  })
  const ids = new Map(here.map((model) => [firstFile(model), model.entry.id]))
  const named = (offer: HubOffer): HubOffer => ({ ...offer, id: ids.get(offer.file) ?? offer.id })
  return { ...offers, models: offers.models.map(named), wanted: offers.wanted.map(named) }
}
