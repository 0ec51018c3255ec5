/**
 * The endpoint table: one row for each inference route. The gate, the routes, `/openapi.json`, the dispatcher, its log, the probes
 * of backends and the dashboard all read it, so that a new endpoint is one more row.
 */
import type { Scope } from './caller.ts'
import type { SlotConfig } from './slot-config.ts'

/** What a slot can do: its mode. */
export type Capability = NonNullable<SlotConfig['mode']>

/** The format of requests, answers, events and errors. */
export type Dialect = 'openai' | 'anthropic'

/**
 * Where a request names its model: the member `model` of its JSON body, the field `model` of its form, or the parameter `model` of its
 * query string. none: it names no model, and any slot that can do it answers.
 */
export type ModelPlace = 'json' | 'multipart' | 'query' | 'none'

/** How an answer states the tokens that were used. */
export type UsageFormat = 'openai' | 'anthropic'

export interface Endpoint {
  method: 'GET' | 'POST'
  /** Paths at hal0: the usual one, then other spellings. */
  paths: readonly [string, ...string[]]
  /** The scope that a caller needs. */
  scope: Scope
  /** Path at the backend. The query string is not passed on: none of these takes one, and some clients put keys into it. */
  backendPath: string
  model: ModelPlace
  dialect: Dialect
  capability: Capability
  usage: UsageFormat
}

const openai = { method: 'POST', scope: 'infer', model: 'json', dialect: 'openai', usage: 'openai' } as const

/** The rows by name, for code that needs a specific one. */
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
