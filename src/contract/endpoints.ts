/**
 * The endpoint table: every route of inference, one row each. What lets a request in, the routes, `/openapi.json`, the dispatcher,
 * its log, the probes of backends and the dashboard read it, so that a new endpoint is one more row.
 */
import type { Scope } from './caller.ts'
import type { SlotConfig } from './slot.ts'

/** What a slot can do: its mode. */
export type Capability = NonNullable<SlotConfig['mode']>

/** Whose requests, answers, events and errors it speaks. */
export type Dialect = 'openai' | 'anthropic'

/**
 * Where a request names its model: the member `model` of its JSON body, the field `model` of its form, the parameter `model` of its
 * query string; none: it names no model, and whoever can do it answers.
 */
export type ModelPlace = 'json' | 'multipart' | 'query' | 'none'

/** How an answer tells the tokens that it took. */
export type UsageFormat = 'openai' | 'anthropic'

export interface Endpoint {
  method: 'GET' | 'POST'
  /** At hal0: the usual path, then its other spellings. */
  paths: readonly [string, ...string[]]
  /** What a caller must be allowed. */
  scope: Scope
  /** At the backend. A query string does not go there: none of these takes one, and some clients put keys into it. */
  backendPath: string
  model: ModelPlace
  dialect: Dialect
  capability: Capability
  usage: UsageFormat
}

const openai = { method: 'POST', scope: 'infer', model: 'json', dialect: 'openai', usage: 'openai' } as const

/** By name, for whoever asks for one of them itself. */
export const endpoints = {
  chatCompletions: {
    ...openai,
    paths: ['/v1/chat/completions'],
    backendPath: '/v1/chat/completions',
    capability: 'chat',
  },
  completions: { ...openai, paths: ['/v1/completions'], backendPath: '/v1/completions', capability: 'chat' },
  embeddings: { ...openai, paths: ['/v1/embeddings'], backendPath: '/v1/embeddings', capability: 'embedding' },
  rerank: { ...openai, paths: ['/v1/rerank', '/v1/reranking'], backendPath: '/v1/rerank', capability: 'rerank' },
} as const satisfies Record<string, Endpoint>
