/** What the MODEL of `hal0 run` names. Pure. */
import type { CatalogOffer } from '../../contract/models/catalog.ts'
import type { Model } from '../../contract/models/model.ts'
import type { Slot } from '../../contract/slot-config.ts'
import { slotCalled } from '../chat/pick-slot.ts'

export interface KnownModels {
  slots: readonly Slot[]
  models: readonly Model[]
  catalog: readonly CatalogOffer[]
}

export type Named =
  | { kind: 'slot'; slot: Slot }
  /** Here, in no slot. */
  | { kind: 'model'; model: Model }
  | { kind: 'catalog'; offer: CatalogOffer }
  /** An address; only the daemon knows the mirrors that it may be of. */
  | { kind: 'hub' }
  | { kind: 'unknown' }

/** A slot comes first, as in a request's `model`; then what is here, then what could be fetched. */
export const namedModel = (text: string, { slots, models, catalog }: KnownModels): Named => {
  const slot = slotCalled(text, slots)
  if (slot !== null) return { kind: 'slot', slot }
  const model = models.find(({ id }) => id === text)
  if (model !== undefined) return { kind: 'model', model }
  const offer = catalog.find(({ id }) => id === text)
  if (offer !== undefined) return { kind: 'catalog', offer }
  return { kind: text.includes('/') ? 'hub' : 'unknown' }
}

/** Every word that `hal0 run` knows without the hub. */
export const knownWords = ({ slots, models, catalog }: KnownModels): string[] => [
  ...slots.flatMap(({ config }) => [config.name, ...config.aliases]),
  ...models.map(({ id }) => id),
  ...catalog.map(({ id }) => id),
]
