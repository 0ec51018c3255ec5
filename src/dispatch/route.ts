/** Which slot serves a model name (spec §2.3). Pure. */
import { bounded } from '../lib/bounded.ts'
import { Hal0Error } from '../lib/hal0-error.ts'
import type { SlotView } from '../slots/run/lease.ts'

export type Mode = NonNullable<SlotView['mode']>

export interface Route {
  /** Null: none that goes by the name can do it. */
  slot: SlotView | null
  /** In words, for the decision log. */
  reason: string
  /** Registry refs that were considered. */
  candidates: string[]
}

/** Names in a sentence, and in its details: slots may have many aliases. */
const shownNames = 20
const listedNames = 200

/** For sentences. */
const tasks: Readonly<Record<Mode, string>> = { chat: 'chat', embedding: 'embeddings', rerank: 'reranking' }

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

/** Of two slots that can, the one to ask: which is surely for it, then which answers sooner, then which has less to do, then by name. */
const compare = (a: SlotView, b: SlotView): number => {
  const unknown = Number(a.mode === null) - Number(b.mode === null)
  return unknown || rank(a) - rank(b) || a.requests - b.requests || (a.name < b.name ? -1 : 1)
}

const best = (slots: readonly SlotView[]): SlotView | null => {
  let found: SlotView | null = null
  for (const slot of slots) if (found === null || compare(slot, found) < 0) found = slot
  return found
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

/** Which of `owners`, who all go by the name in one way, it is; null when there are none. */
const among = (owners: readonly SlotView[], mode: Mode | null, how: (slot: SlotView) => string): Route | null => {
  if (owners.length === 0) return null
  const can = mode === null ? owners : owners.filter((slot) => slot.mode === null || slot.mode === mode)
  const slot = best(can)
  const others = owners.filter((owner) => !can.includes(owner)).map(({ name }) => name)
  const left = mode === null || others.length === 0 ? '' : `; not for ${tasks[mode]}: ${others.join(', ')}`
  return { slot, reason: slot === null ? '' : `${how(slot)}${left}`, candidates: refs(owners) }
}

/**
 * The slot for `model`: one of that name, else one that owns it as registry ref, else as alias; null when nothing goes by it.
 * @param mode that the slot must have; one whose mode is not known may have it. Null: any
 */
export const findRoute = (slots: readonly SlotView[], model: string, mode: Mode | null): Route | null => {
  const asName = among(
    slots.filter(({ name }) => name === model),
    mode,
    () => 'slot name',
  )
  if (asName !== null) return asName
  const byRef = slots.filter((slot) => slot.model === model)
  const asRef = among(byRef, mode, ({ state }) => `registry ref, ${state}`)
  if (asRef !== null && asRef.slot !== null) return asRef
  const byAlias = slots.filter(({ aliases }) => aliases.includes(model))
  const asAlias = among(byAlias, mode, ({ name }) => `alias of ${name}`)
  return asRef === null || (asAlias !== null && asAlias.slot !== null) ? asAlias : asRef
}

/** @returns `request.unsupported`, which names the slots that can */
export const notSupported = (slots: readonly SlotView[], route: Route, model: string, mode: Mode): Hal0Error => {
  const able = slots.filter((slot) => slot.mode === mode).map(({ name }) => name)
  const next =
    able.length > 0
      ? `These slots can: ${able.join(', ')}.`
      : `No slot can; make one: hal0 slot create NAME --model MODEL --set mode=${mode}`
  return new Hal0Error('request.unsupported', `"${model}" is not set up for ${tasks[mode]}. ${next}`, {
    param: 'model',
    details: { model, slots: able, models: route.candidates },
  })
}

/**
 * @param registered the name is a model of the registry that no slot has
 * @returns `model.not_found`, which lists what there is
 */
export const modelNotFound = (slots: readonly SlotView[], model: string, registered: boolean): Hal0Error => {
  const available = modelNames(slots)
  const shown = bounded(model, 128)
  const more = available.length - shownNames
  let next = `There is: ${available.slice(0, shownNames).join(', ')}${more > 0 ? ` and ${more} more` : ''}.`
  if (registered) {
    next = `It is in the registry; give it to a slot: hal0 slot create NAME --model ${model}`
  } else if (available.length === 0) {
    next = 'There are no slots yet; make one: hal0 slot create NAME --model MODEL'
  }
  return new Hal0Error('model.not_found', `No slot serves the model "${shown}". ${next}`, {
    param: 'model',
    details: { model: shown, available: available.slice(0, listedNames) },
  })
}
