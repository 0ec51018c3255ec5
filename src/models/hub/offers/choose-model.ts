/** Which model of a repository is meant. The API, the command line, the dashboard and slots all use this one function. Pure. */
import { Hal0Error } from '../../../lib/hal0-error.ts'
import { isLabel, labelSpans, meansLabel, stemOf } from '../../naming/quant-label.ts'
import { baseName, type GgufModel, ggufFiles, ggufGroups, isGguf, modelKey } from '../client/gguf-files.ts'
import type { HubFile } from '../client/hub-json.ts'

export interface ModelSelector {
  /** Path of a file (any shard of a sharded model), or `:LABEL`; null: not given. `:latest`, which Ollama users write, means no label. */
  file: string | null
  /** Only files in this folder; null: anywhere. */
  folder: string | null
}

export type Choice =
  | { kind: 'one'; model: GgufModel }
  | { kind: 'several'; models: GgufModel[] }
  /** `missing`: the model exists, but lacks shards. */
  | { kind: 'none'; missing?: GgufModel }

/** In this order, as other tools do that take `repo:LABEL`. */
const defaultLabels = ['Q4_K_M', 'Q8_0']

/** Whether the name contains `asked` as whole words, without splitting a label: `K_M` does not match `Q4_K_M`. */
const containsWords = (asked: string, path: string): boolean => {
  const stem = stemOf(path).toLowerCase()
  const words = asked.toLowerCase()
  const spans = labelSpans(stem)
  for (let start = stem.indexOf(words); start >= 0; start = stem.indexOf(words, start + 1)) {
    const end = start + words.length
    const isBounded = !/[a-z0-9]/.test(stem[start - 1] ?? '') && !/[a-z0-9]/.test(stem[end] ?? '')
    const cutsNone = spans.every(
      (span) => span.end <= start || span.start >= end || (span.start >= start && span.end <= end),
    )
    if (isBounded && cutsNone) return true
  }
  return false
}

/** The models that the label means: exact matches, else matches that are certainly the same quantisation. */
const matchLabel = (models: readonly GgufModel[], asked: string): GgufModel[] => {
  const upper = asked.toUpperCase()
  const exact = models.filter(({ quantization }) => quantization?.toUpperCase() === upper)
  if (exact.length > 0) return exact
  if (isLabel(asked))
    return models.filter(({ quantization }) => quantization !== null && meansLabel(asked, quantization))
  // If `asked` contains a label, it must be the model's own: `F16-to` occurs in the name of a Q3_K_S.
  const last = labelSpans(asked).at(-1)?.label ?? null
  return models.filter(
    ({ quantization, path }) => (last === null || last === quantization) && containsWords(asked, path),
  )
}

const settle = (found: readonly GgufModel[]): Choice => {
  const whole = found.filter(({ missing }) => missing.length === 0)
  const [first] = whole.length > 0 ? whole : found
  if (first === undefined) return { kind: 'none' }
  if (whole.length > 1) return { kind: 'several', models: whole }
  return whole.length === 0 ? { kind: 'none', missing: first } : { kind: 'one', model: first }
}

/** @param repo owner/name */
export const chooseModel = (repo: string, all: readonly HubFile[], { file, folder }: ModelSelector): Choice => {
  if (file !== null && !file.startsWith(':')) {
    // A named file is taken whatever it is called: its header will say what it is.
    return settle(ggufGroups(all).filter(({ path }) => modelKey(path) === modelKey(file)))
  }
  const inside = folder === null ? all : all.filter(({ path }) => path.startsWith(`${folder}/`))
  const { models, companions } = ggufFiles(repo, inside)
  const label = file === null || file.toLowerCase() === ':latest' ? null : file.slice(1)
  if (label !== null) return settle(matchLabel(models, label))
  if (folder !== null) return settle(models.length > 0 ? models : companions)
  const whole = models.filter(({ missing }) => missing.length === 0)
  const usual = defaultLabels.map((one) => matchLabel(whole, one)).find((found) => found.length > 0)
  return settle(usual ?? whole.slice(0, 1))
}

const mostNamed = 30
const listed = (names: readonly string[]): string =>
  names.length > mostNamed
    ? `${names.slice(0, mostNamed).join(', ')} and ${names.length - mostNamed} more`
    : names.join(', ')

/** Describes what the repository offers. */
const described = (repo: string, all: readonly HubFile[]): string => {
  const { models, companions, projectors } = ggufFiles(repo, all)
  const labels = new Set(models.map(({ path, quantization }) => (quantization === null ? path : `:${quantization}`)))
  const others = [...companions, ...projectors].map(({ path }) => path)
  const has = labels.size === 0 ? 'It has no GGUF models.' : `It has ${listed([...labels])}.`
  return others.length === 0 ? has : `${has} Other GGUF files, to be named in full: ${listed(others)}.`
}

const asked = ({ file, folder }: ModelSelector): string =>
  [file ?? '', folder === null ? '' : `in ${folder}/`].filter((part) => part !== '').join(' ')

/** Files with the requested name, in other folders or in different case. */
const namesakes = (all: readonly HubFile[], { file }: ModelSelector): string[] => {
  if (file === null || file.startsWith(':')) return []
  const name = baseName(file).toLowerCase()
  return all.flatMap(({ path }) => (baseName(path).toLowerCase() === name && isGguf(path) ? [path] : []))
}

/** The error that says why the choice is not a single model. Its details have the candidates, or all models. */
export const choiceError = (
  repo: string,
  all: readonly HubFile[],
  selector: ModelSelector,
  choice: Exclude<Choice, { kind: 'one' }>,
): Hal0Error => {
  const what = asked(selector)
  const error = (
    code: 'pull.not_found' | 'pull.ambiguous',
    sentence: string,
    models: readonly GgufModel[],
    more: Record<string, unknown> = {},
  ): Hal0Error =>
    new Hal0Error(code, sentence, {
      param: 'file',
      details: { repo, models: models.map(({ path, quantization, size }) => ({ path, quantization, size })), ...more },
    })
  const { models } = ggufFiles(repo, all)
  if (choice.kind === 'several') {
    const names = listed(choice.models.map(({ path }) => path))
    const why = what === '' ? `several models labelled ${choice.models[0]?.quantization}` : `several models for ${what}`
    return error('pull.ambiguous', `${repo} has ${why}: ${names}. Name the file that you want.`, choice.models)
  }
  if (choice.missing !== undefined) {
    const { path, missing } = choice.missing
    const shards = `shard${missing.length === 1 ? '' : 's'} ${missing.slice(0, 10).join(', ')}${missing.length > 10 ? ' …' : ''}`
    const sentence = `${path} in ${repo} is incomplete: the repository lacks ${shards}. Choose another one.`
    return error('pull.not_found', sentence, models, { missing })
  }
  const none = what === '' ? 'no complete GGUF model' : `no GGUF model ${what}`
  const near = namesakes(all, selector)
  const there = near.length === 0 ? described(repo, all) : `Did you mean ${listed(near)}?`
  return error('pull.not_found', `${repo} has ${none}. ${there}`, models)
}

/**
 * Picks the model that is meant.
 * @param repo owner/name
 * @throws Hal0Error `pull.not_found` with what the repository offers, `pull.ambiguous` with the candidates
 */
export const pickModel = (repo: string, all: readonly HubFile[], selector: ModelSelector): GgufModel => {
  const choice = chooseModel(repo, all, selector)
  if (choice.kind === 'one') return choice.model
  throw choiceError(repo, all, selector, choice)
}
