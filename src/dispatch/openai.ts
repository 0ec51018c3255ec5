/** OpenAI's endpoints: where each goes at a backend, and the list of models. Pure. */
import type { ModelEntry } from '../contract/models/model.ts'
import type { SlotState } from '../contract/slot.ts'
import { Hal0Error } from '../lib/hal0-error.ts'
import type { SlotView } from '../slots/run/lease.ts'
import { findRoute, type Mode, modelNames } from './route.ts'

export interface Endpoint {
  /** At the backend. A query string does not go there: none of these takes one, and some clients put keys into it. */
  path: string
  /** The mode of the slots that can do it. */
  mode: Mode
}

/** The inference endpoints by their path at hal0. */
export const inferencePaths: ReadonlyMap<string, Endpoint> = new Map([
  ['/v1/chat/completions', { path: '/v1/chat/completions', mode: 'chat' }],
  ['/v1/completions', { path: '/v1/completions', mode: 'chat' }],
  ['/v1/embeddings', { path: '/v1/embeddings', mode: 'embedding' }],
  ['/v1/rerank', { path: '/v1/rerank', mode: 'rerank' }],
  ['/v1/reranking', { path: '/v1/rerank', mode: 'rerank' }],
])

/** What a path of hal0 is. @throws Hal0Error `request.not_found` for one that is not of inference */
export const endpointOf = (path: string): Endpoint => {
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
  const slot = findRoute(slots, name, null)?.slot ?? null
  if (slot === null) return null
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
