/** How to tell that a llama-server is ready. The answers judged here were recorded from builds b9993 and b11549. */
import { type Capability, endpoints } from '../../contract/endpoints.ts'
import type { ProbeAnswer, ProbeRequest, ProbeVerdict } from '../provider.ts'

/** llama-server answers 503 on every path while it loads. */
const loading = 503
const shownCharacters = 200

/**
 * The inference ran, but its one token was not text by itself (half of a UTF-8 character). Rare with a trained model, common with
 * random weights.
 */
const untextualToken = 'The model produced output that does not match'

const bad = (why: string): ProbeVerdict => ({ kind: 'bad', why })

/** The start of a body for a message: control characters become spaces. */
const shown = (body: string): string => {
  const text = body
    .slice(0, shownCharacters)
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
  return text === '' ? 'with nothing' : `"${text}"`
}

const jsonOf = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    // Not JSON: the same as an answer without any of the expected fields.
    return undefined
  }
}

const field = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined

const first = (value: unknown): unknown => (Array.isArray(value) ? value[0] : undefined)

/** Judges a 200 by its JSON, and any other answer in the same way for every request. */
const judged =
  (what: string, judge: (json: unknown) => string | null) =>
  (answer: ProbeAnswer): ProbeVerdict => {
    if (answer.status === loading) return { kind: 'wait' }
    const said = `${what} answered ${answer.status} ${shown(answer.body)}`
    const json = jsonOf(answer.body)
    const message = field(field(json, 'error'), 'message')
    if (answer.status === 500 && typeof message === 'string' && message.startsWith(untextualToken))
      return { kind: 'ok' }
    if (answer.status !== 200) return bad(said)
    if (json === undefined || (field(json, 'error') ?? null) !== null) return bad(said)
    const fault = judge(json)
    return fault === null ? { kind: 'ok' } : bad(`${what} ${fault}: ${shown(answer.body)}`)
  }

/** `/v1/models` rather than `/health`: only a server that knows its model lists it. */
export const readiness: ProbeRequest = {
  method: 'GET',
  path: '/v1/models',
  judge: judged('/v1/models', (json) => {
    const models = field(json, 'data')
    return Array.isArray(models) && models.length > 0 ? null : 'lists no model'
  }),
}

const isNumber = (value: unknown) => typeof value === 'number' && Number.isFinite(value)

/** NaN cannot be written in JSON: llama-server sends null for it. */
const oneToken = (path: string, body: object, textOf: (choice: unknown) => unknown): ProbeRequest => ({
  method: 'POST',
  path,
  body: JSON.stringify({ ...body, max_tokens: 1, temperature: 0, cache_prompt: false }),
  judge: judged(path, (json) => {
    const choice = first(field(json, 'choices'))
    if (typeof textOf(choice) !== 'string') return 'gave no completion'
    const token = first(field(field(choice, 'logprobs'), 'content'))
    if (token !== undefined && !isNumber(field(token, 'logprob'))) {
      return 'computed a token whose probability is not a number (broken weights, or a broken GPU driver)'
    }
    return null
  }),
})

const embedding: ProbeRequest = {
  method: 'POST',
  path: endpoints.embeddings.backendPath,
  body: JSON.stringify({ input: 'Hello' }),
  judge: judged(endpoints.embeddings.backendPath, (json) => {
    const vector = field(first(field(json, 'data')), 'embedding')
    if (!Array.isArray(vector) || vector.length === 0) return 'gave no embedding'
    if (!vector.every(isNumber)) return 'gave an embedding that is not all numbers'
    return vector.some((value) => value !== 0) ? null : 'gave an embedding of zeros'
  }),
}

const rerank: ProbeRequest = {
  method: 'POST',
  path: endpoints.rerank.backendPath,
  body: JSON.stringify({ query: 'Hello', documents: ['Hello'] }),
  judge: judged(endpoints.rerank.backendPath, (json) =>
    isNumber(field(first(field(json, 'results')), 'relevance_score')) ? null : 'gave no relevance score',
  ),
}

/** One tiny inference for the mode; the second of two is for backends without the first one's endpoint. */
export const sentinelsFor = (mode: Capability): ProbeRequest[] => {
  if (mode === 'embedding') return [embedding]
  if (mode === 'rerank') return [rerank]
  return [
    oneToken(endpoints.completions.backendPath, { prompt: 'Hello', logprobs: 1 }, (choice) => field(choice, 'text')),
    // A reasoning model's first token goes elsewhere, and its content may be null.
    oneToken(
      endpoints.chatCompletions.backendPath,
      { messages: [{ role: 'user', content: 'Hello' }] },
      (choice) =>
        field(field(choice, 'message'), 'content') ?? (field(choice, 'message') === undefined ? undefined : ''),
    ),
  ]
}
