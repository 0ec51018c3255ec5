/** Which target answers for a model name (spec §2.3). Pure. */
import type { Capability } from '../../contract/endpoints.ts'
import type { TargetView } from './target.ts'

export interface Route<T extends TargetView> {
  /** null: none with this name can do it. */
  target: T | null
  /** In words, for the decision log. */
  reason: string
  /** Registry refs that were considered. */
  candidates: string[]
  /** The profile that the request asks for; null: none. */
  profile: string | null
}

/** Names of the tasks for messages. */
export const tasks: Readonly<Record<Capability, string>> = {
  chat: 'chat',
  embedding: 'embeddings',
  rerank: 'reranking',
  transcription: 'transcription',
  speech: 'speech',
}

/** The smaller the rank, the sooner the target can answer. */
const rank = ({ state, load }: TargetView): number => {
  switch (state) {
    case null:
    case 'ready':
    case 'serving':
    case 'idle':
      return 0
    case 'warming':
      return 1
    case 'starting':
      return 2
    case 'offline':
      return load === 'on-demand' ? 3 : 4
    default:
      return 4
  }
}

/** Compares two possible targets: a known capability first, then the sooner answer, then fewer requests, then the name. */
const compare = (a: TargetView, b: TargetView): number => {
  const unknown = Number(a.mode === null) - Number(b.mode === null)
  return unknown || rank(a) - rank(b) || a.requests - b.requests || (a.name < b.name ? -1 : 1)
}

const best = <T extends TargetView>(targets: readonly T[]): T | null => {
  let found: T | null = null
  for (const target of targets) if (found === null || compare(target, found) < 0) found = target
  return found
}

/** The names of a target's profiles, as a request gives them: `primary:deep`. */
export const profileNames = ({ name, rules }: Pick<TargetView, 'name' | 'rules'>): string[] =>
  Object.keys(rules.profiles).map((profile) => `${name}:${profile}`)

/**
 * Every model name that a request may use, without duplicates: slots, their profiles, then refs, then aliases, then models of other
 * targets. A profile may also be asked for by the ref or an alias of its slot.
 */
export const modelNames = (targets: readonly TargetView[]): string[] => {
  const slots = targets.filter(({ slot }) => slot !== null)
  const names = new Set(slots.map(({ name }) => name))
  for (const slot of slots) for (const name of profileNames(slot)) names.add(name)
  for (const { model } of slots) if (model !== null) names.add(model)
  for (const { aliases } of slots) for (const alias of aliases) names.add(alias)
  for (const { slot, model } of targets) if (slot === null && model !== null) names.add(model)
  return [...names]
}

const refs = (targets: readonly TargetView[]): string[] => [
  ...new Set(targets.flatMap(({ model }) => (model === null ? [] : [model]))),
]

/** Picks one of `owners`, which all match the name in the same way; null when there are none. */
const among = <T extends TargetView>(
  owners: readonly T[],
  capability: Capability | null,
  how: (target: T) => string,
): Route<T> | null => {
  if (owners.length === 0) return null
  const can = capability === null ? owners : owners.filter(({ mode }) => mode === null || mode === capability)
  const target = best(can)
  const others = owners.filter((owner) => !can.includes(owner)).map(({ name }) => name)
  const left = capability === null || others.length === 0 ? '' : `; not for ${tasks[capability]}: ${others.join(', ')}`
  const reason = target === null ? '' : `${how(target)}${left}`
  return { target, reason, candidates: refs(owners), profile: null }
}

const byName = <T extends TargetView>(
  targets: readonly T[],
  model: string,
  capability: Capability | null,
): Route<T> | null => {
  const asName = among(
    targets.filter(({ slot }) => slot === model),
    capability,
    () => 'slot name',
  )
  if (asName !== null) return asName
  const byRef = targets.filter((target) => target.slot !== null && target.model === model)
  const asRef = among(byRef, capability, ({ state }) => `registry ref, ${state}`)
  if (asRef !== null && asRef.target !== null) return asRef
  const byAlias = targets.filter(({ aliases }) => aliases.includes(model))
  const asAlias = among(byAlias, capability, ({ name }) => `alias of ${name}`)
  if (asAlias !== null && asAlias.target !== null) return asAlias
  const elsewhere = targets.filter((target) => target.slot === null && target.model === model)
  const asOther = among(elsewhere, capability, ({ name }) => `model of ${name}`)
  return asOther !== null && asOther.target !== null ? asOther : (asRef ?? asAlias ?? asOther)
}

/** A model name as that of a profile: the part before its last colon, and the profile. null: it has no colon. */
export const asProfile = (model: string): { name: string; profile: string } | null => {
  const colon = model.lastIndexOf(':')
  return colon < 1 ? null : { name: model.slice(0, colon), profile: model.slice(colon + 1) }
}

const byProfile = <T extends TargetView>(
  targets: readonly T[],
  model: string,
  capability: Capability | null,
): Route<T> | null => {
  const { name, profile } = asProfile(model) ?? {}
  if (name === undefined || profile === undefined) return null
  const having = targets.filter(({ rules }) => Object.hasOwn(rules.profiles, profile))
  const route = byName(having, name, capability)
  if (route === null) return null
  return { ...route, profile, reason: route.target === null ? '' : `${route.reason}; profile ${profile}` }
}

/**
 * The target for `model`: the slot with that name, else a slot with that registry ref, else one with that alias, else another target
 * that has it, else one of these for the name before the last colon, if it has the profile behind it; null when nothing has this name.
 * @param capability that the target must have; a target whose mode is unknown may have it. null: any
 */
export const findRoute = <T extends TargetView>(
  targets: readonly T[],
  model: string,
  capability: Capability | null,
): Route<T> | null => byName(targets, model, capability) ?? byProfile(targets, model, capability)

const nowhere = { target: null, reason: '', candidates: [], profile: null }

/** The target for a request that names no model: any that can do it, and of several the one that answers soonest. */
export const findAnyRoute = <T extends TargetView>(targets: readonly T[], capability: Capability): Route<T> => {
  const can = targets.filter(({ mode }) => mode === capability)
  return among(can, capability, ({ name }) => `no model named; ${name} is for ${tasks[capability]}`) ?? nowhere
}
