/** Errors for requests whose model has no target. Pure. */
import type { Capability } from '../../contract/endpoints.ts'
import { bounded } from '../../lib/bounded.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { asProfile, findRoute, modelNames, profileNames, type Route, tasks } from './route.ts'
import type { TargetView } from './target.ts'

/** Maximum number of names in a message and its details: slots may have many aliases. */
const shownNames = 20
const listedNames = 200

/** The kind of model that a task needs. */
const modelsFor: Readonly<Record<Capability, string>> = {
  chat: 'a chat model',
  embedding: 'an embedding model',
  rerank: 'a reranking model',
  transcription: 'a speech-to-text model, such as Moonshine',
  speech: 'a text-to-speech model, such as Kokoro',
}

/** What to do where no slot can. */
const adviceFor = (capability: Capability, possible: boolean): string => {
  const wanted = modelsFor[capability]
  return possible
    ? `No slot can. Make one with ${wanted}: hal0 slot create NAME --model MODEL --set mode=${capability}`
    : `No slot can: it needs ${wanted}, which this version of hal0 does not run.`
}

/**
 * @param model that was requested; null: none
 * @param modes that slots can have here
 * @returns `request.unsupported`, which names the slots that can do it
 */
export const notSupported = (
  targets: readonly TargetView[],
  { candidates }: Pick<Route<TargetView>, 'candidates'>,
  model: string | null,
  capability: Capability,
  modes: readonly Capability[],
): Hal0Error => {
  const able = targets.filter(({ mode }) => mode === capability).map(({ name }) => name)
  const next =
    able.length > 0 ? `These slots can: ${able.join(', ')}.` : adviceFor(capability, modes.includes(capability))
  const what = model === null ? 'Nothing' : `"${model}"`
  return new Hal0Error(
    'request.unsupported',
    `${what} is ${model === null ? '' : 'not '}set up for ${tasks[capability]}. ${next}`,
    {
      param: 'model',
      details: { model, slots: able, models: candidates },
    },
  )
}

/** For a name whose part before the colon is known: which profiles there are. null: it is not known. */
const noSuchProfile = (targets: readonly TargetView[], model: string): string | null => {
  const { name, profile = '' } = asProfile(model) ?? {}
  const target = name === undefined ? null : (findRoute(targets, name, null)?.target ?? null)
  if (target === null) return null
  const profiles = profileNames(target)
  const has = profiles.length === 0 ? 'It has none' : `There is: ${profiles.join(', ')}`
  return `${target.name} has no profile "${bounded(profile, 64)}". ${has}.`
}

/**
 * @param registered the name is a model of the registry that no slot uses
 * @returns `model.not_found`, which lists the available names
 */
export const modelNotFound = (targets: readonly TargetView[], model: string, registered: boolean): Hal0Error => {
  const available = modelNames(targets)
  const shown = bounded(model, 128)
  const more = available.length - shownNames
  let next = `There is: ${available.slice(0, shownNames).join(', ')}${more > 0 ? ` and ${more} more` : ''}.`
  if (registered) {
    next = `It is in the registry; give it to a slot: hal0 slot create NAME --model ${model}`
  } else if (available.length === 0) {
    next = 'There are no slots yet; make one: hal0 slot create NAME --model MODEL'
  }
  return new Hal0Error(
    'model.not_found',
    `No slot serves the model "${shown}". ${noSuchProfile(targets, model) ?? next}`,
    {
      param: 'model',
      details: { model: shown, available: available.slice(0, listedNames) },
    },
  )
}
