/**
 * The endpoint table: one row for each inference route. The gate, the routes, `/openapi.json`, the dispatcher, its log, the probes
 * of backends and the dashboard all read it, so that a new endpoint is one more row.
 */
import type { Scope } from './caller.ts'
import type { SlotConfig } from './slot-config.ts'

/** What a slot can do: its mode. */
export type Capability = NonNullable<SlotConfig['mode']>

/** The format of requests, answers, events and errors. `responses` is OpenAI's Responses API, whose streams have named events. */
export type Dialect = 'openai' | 'responses' | 'anthropic'

/**
 * Where a request names its model: the member `model` of its JSON body, the field `model` of its form, or the parameter `model` of its
 * query string. query-or-none: the parameter may be missing. If no model is named, any slot that can do it answers. stream: the id of
 * a stream tells the backend that keeps it. slot: the path names the slot.
 */
export type ModelPlace = 'json' | 'multipart' | 'query' | 'query-or-none' | 'none' | 'stream' | 'slot'

/** How an answer states the tokens that were used; none: it never does. */
export type UsageFormat = 'openai' | 'responses' | 'anthropic' | 'none'

export interface Endpoint {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Paths at hal0: the usual one, then other spellings. One that ends with `/{id}` has anything there. */
  paths: readonly [string, ...string[]]
  /** The scope that a caller needs. */
  scope: Scope
  /** Path at the backend. The query string is not passed on, but for streams: none of the others takes one, and some clients put keys into it. */
  backendPath: string
  model: ModelPlace
  dialect: Dialect
  capability: Capability
  usage: UsageFormat
  /** A body with `"stream": true` is answered with server-sent events. */
  streams?: true
}

const openai = { method: 'POST', scope: 'infer', model: 'json', dialect: 'openai', usage: 'openai' } as const
const anthropic = { ...openai, dialect: 'anthropic', usage: 'anthropic' } as const

/** The same path at hal0 and at the backend. */
const at = <const Path extends string>(path: Path) => ({ paths: [path], backendPath: path }) as const

/** A stream that a backend keeps for a request that had an `X-Conversation-Id`. */
const keptStream = {
  paths: ['/v1/stream', '/v1/stream/{id}'],
  backendPath: '/v1/stream',
  model: 'stream',
  usage: 'none',
  capability: 'chat',
} as const

/** The rows by name, for code that needs a specific one. */
export const endpoints = {
  chatCompletions: { ...openai, ...at('/v1/chat/completions'), capability: 'chat', streams: true },
  completions: { ...openai, ...at('/v1/completions'), capability: 'chat', streams: true },
  responses: {
    ...openai,
    ...at('/v1/responses'),
    dialect: 'responses',
    usage: 'responses',
    capability: 'chat',
    streams: true,
  },
  messages: { ...anthropic, ...at('/v1/messages'), capability: 'chat', streams: true },
  countTokens: { ...anthropic, ...at('/v1/messages/count_tokens'), usage: 'none', capability: 'chat' },
  embeddings: { ...openai, ...at('/v1/embeddings'), capability: 'embedding' },
  rerank: { ...openai, ...at('/v1/rerank'), paths: ['/v1/rerank', '/v1/reranking'], capability: 'rerank' },
  transcriptions: {
    ...openai,
    ...at('/v1/audio/transcriptions'),
    model: 'multipart',
    usage: 'responses',
    capability: 'transcription',
  },
  translations: {
    ...openai,
    ...at('/v1/audio/translations'),
    model: 'multipart',
    usage: 'responses',
    capability: 'transcription',
  },
  speech: { ...openai, ...at('/v1/audio/speech'), usage: 'none', capability: 'speech' },
  voices: {
    ...openai,
    ...at('/v1/audio/voices'),
    method: 'GET',
    model: 'query-or-none',
    usage: 'none',
    capability: 'speech',
  },
  readStream: { ...openai, ...keptStream, method: 'GET' },
  endStream: { ...openai, ...keptStream, method: 'DELETE' },
} as const satisfies Record<string, Endpoint>
