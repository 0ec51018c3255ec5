/** Which slot serves a model name (spec §2.3). Pure. */
import { Hal0Error } from '../lib/hal0-error.ts'
import type { SlotView } from '../slots/lease.ts'

export interface Route {
  slot: SlotView
  /** In words, for the decision log. */
  reason: string
  /** Registry refs that were considered. */
  candidates: string[]
}

/** The smaller, the sooner the slot can answer. */
const rank = (slot: SlotView): number => {
  switch (slot.state) {
    case 'ready':
    case 'serving':
    case 'idle':
      return 0
    case 'warming':
      return 1
    case 'starting':
      return 2
    case 'offline':
      return slot.load === 'on-demand' ? 3 : 4
    default:
      return 4
  }
}

/** The slot of `owners` that can answer soonest; of equals the first by name. */
export const soonest = (owners: readonly SlotView[]): SlotView | null => {
  let best: SlotView | null = null
  for (const slot of owners) {
    if (best === null) best = slot
    else {
      const difference = rank(slot) - rank(best)
      if (difference < 0 || (difference === 0 && slot.name < best.name)) best = slot
    }
  }
  return best
}

/** Every name that a request may ask for: slots, then refs, then aliases, each once. */
export const modelNames = (slots: readonly SlotView[]): string[] => {
  const names = new Set(slots.map((slot) => slot.name))
  for (const slot of slots) if (slot.model !== null) names.add(slot.model)
  for (const slot of slots) for (const alias of slot.aliases) names.add(alias)
  return [...names]
}

const refs = (slots: readonly SlotView[]): string[] => [
  ...new Set(slots.flatMap((slot) => (slot.model === null ? [] : [slot.model]))),
]

/** The slot for `model`, or null: a slot's name, then a registry ref, then an alias that a slot owns. */
export const findRoute = (slots: readonly SlotView[], model: string): Route | null => {
  for (const slot of slots) {
    if (slot.name === model) return { slot, reason: 'slot name', candidates: slot.model === null ? [] : [slot.model] }
  }
  const byRef = soonest(slots.filter((slot) => slot.model === model))
  if (byRef !== null) return { slot: byRef, reason: `registry ref, ${byRef.state}`, candidates: [model] }
  const owners = slots.filter((slot) => slot.aliases.includes(model))
  const byAlias = soonest(owners)
  if (byAlias !== null) return { slot: byAlias, reason: `alias of ${byAlias.name}`, candidates: refs(owners) }
  return null
}

/**
 * @param registered the name is a model of the registry that no slot has
 * @returns `model.not_found`, which lists what there is
 */
export const modelNotFound = (slots: readonly SlotView[], model: string, registered: boolean): Hal0Error => {
  const available = modelNames(slots)
  const shown = model.length > 128 ? `${model.slice(0, 128)}…` : model
  let next = `There is: ${available.join(', ')}.`
  if (registered) {
    next = `It is in the registry; give it to a slot: hal0 slot create NAME --model ${model}`
  } else if (available.length === 0) {
    next = 'There are no slots yet; make one: hal0 slot create NAME --model MODEL'
  }
  return new Hal0Error('model.not_found', `No slot serves the model "${shown}". ${next}`, {
    param: 'model',
    details: { model: shown, available },
  })
}
