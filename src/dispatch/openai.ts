/** OpenAI's endpoints: where each goes at a backend, and the list of models. Pure. */
import type { ModelEntry } from '../contract/model.ts'
import type { SlotState } from '../contract/slot.ts'
import { Hal0Error } from '../lib/hal0-error.ts'
import type { SlotView } from '../slots/lease.ts'
import { findRoute, modelNames } from './route.ts'

/**
 * Path at hal0 → path at the backend. Which of them a slot's mode can serve is left to the backend, whose answer (501 of
 * llama.cpp) passes through. A query string does not: none of these takes one, and some clients put keys there.
 */
export const inferencePaths: ReadonlyMap<string, string> = new Map([
  ['/v1/chat/completions', '/v1/chat/completions'],
  ['/v1/completions', '/v1/completions'],
  ['/v1/embeddings', '/v1/embeddings'],
  ['/v1/rerank', '/v1/rerank'],
  ['/v1/reranking', '/v1/rerank'],
])

/** Where a path of hal0 goes at the backend. @throws Hal0Error `request.not_found` for one that is not of inference */
export const backendPath = (path: string): string => {
  const known = inferencePaths.get(path)
  if (known === undefined) throw new Hal0Error('request.not_found', `There is no inference endpoint ${path}.`)
  return known
}

export interface OpenAiModel {
  id: string
  object: 'model'
  /** Unix time in seconds; 0 when the model is not in the registry. */
  created: number
  owned_by: 'hal0'
  /** Extensions of hal0: the slot that would answer now, and its state. */
  slot: string
  state: SlotState
}

export interface OpenAiModelList {
  object: 'list'
  data: OpenAiModel[]
}

/** One name that requests may use, as OpenAI's clients read it; null when no slot goes by it. */
export const openAiModel = (
  slots: readonly SlotView[],
  lookUp: (ref: string) => ModelEntry | null,
  name: string,
): OpenAiModel | null => {
  const slot = findRoute(slots, name)?.slot
  if (slot === undefined) return null
  const entry = slot.model === null ? null : lookUp(slot.model)
  return {
    id: name,
    object: 'model',
    created: entry === null ? 0 : Math.floor(Date.parse(entry.created_at) / 1000),
    owned_by: 'hal0',
    slot: slot.name,
    state: slot.state,
  }
}

/** Answer of `GET /v1/models`: slot names, then registry refs, then aliases, each once. */
export const openAiModels = (
  slots: readonly SlotView[],
  lookUp: (ref: string) => ModelEntry | null,
): OpenAiModelList => ({
  object: 'list',
  data: modelNames(slots).flatMap((name) => openAiModel(slots, lookUp, name) ?? []),
})
