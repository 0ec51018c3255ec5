import { expect, test } from 'bun:test'
import { readiness, sentinelsFor } from '../../../src/providers/llamacpp/probe.ts'
import type { ProbeRequest } from '../../../src/providers/provider.ts'

const judge = (probe: ProbeRequest | undefined, status: number, body: unknown) =>
  probe?.judge({ status, body: typeof body === 'string' ? body : JSON.stringify(body) })
const why = (verdict: ReturnType<typeof judge>) => (verdict?.kind === 'bad' ? verdict.why : verdict?.kind)

const loading = { error: { message: 'Loading model', type: 'unavailable_error', code: 503 } }
const [completion, chat] = sentinelsFor('chat')
const [embedding] = sentinelsFor('embedding')
const [rerank] = sentinelsFor('rerank')

test.each([readiness, completion, chat, embedding, rerank])('503 is still loading, for every request', (probe) => {
  expect(judge(probe, 503, loading)).toEqual({ kind: 'wait' })
})

test('a list with a model is ready', () => {
  expect(judge(readiness, 200, { object: 'list', data: [{ id: 'tiny' }] })).toEqual({ kind: 'ok' })
})

test.each([
  [200, { data: [] }],
  [200, { data: {} }],
  [200, {}],
  [200, 'null'],
  [200, '<html>hello'],
  [200, ''],
  [500, { error: { message: 'broken' } }],
  [404, { data: [{ id: 'x' }] }],
  [302, ''],
])('readiness: %p %j is bad', (status, body) => {
  expect(judge(readiness, status, body)?.kind).toBe('bad')
})

test('the reason is one printable line of bounded length', () => {
  const reason = why(judge(readiness, 500, `\u001b[31m\n\0line two\u2028${'x'.repeat(5000)}`)) ?? ''
  expect(reason).toStartWith('/v1/models answered 500 "[31m line two')
  expect(reason.length).toBeLessThan(250)
  expect(reason).not.toMatch(/\p{Cc}/u)
})

const token = (logprob: unknown) => ({ content: [{ id: 1, token: 'x', logprob }] })

test.each([
  { choices: [{ text: 'x', logprobs: token(-4.5), finish_reason: 'length' }] },
  { choices: [{ text: '', logprobs: null }] },
  { choices: [{ text: '', logprobs: { content: [] } }] },
])('a completion is proof, empty or not: %j', (body) => {
  expect(judge(completion, 200, body)).toEqual({ kind: 'ok' })
})

test('a token whose probability is not a number betrays broken weights', () => {
  expect(why(judge(completion, 200, { choices: [{ text: '!', logprobs: token(null) }] }))).toContain('not a number')
})

test.each([
  [200, { choices: [] }],
  [200, { choices: [{ text: null }] }],
  [200, { choices: [{ text: 'x' }], error: { message: 'e' } }],
  [200, 'data: nonsense'],
  [501, { error: { code: 501, message: 'This server does not support completions' } }],
  [500, { error: { code: 500, message: 'compute error' } }],
])('no proof: %p %j', (status, body) => {
  expect(judge(completion, status, body)?.kind).toBe('bad')
})

test('a token that is only half a character was computed all the same', () => {
  const message = 'The model produced output that does not match the expected Content-only format'
  expect(judge(completion, 500, { error: { code: 500, message, type: 'server_error' } })).toEqual({ kind: 'ok' })
})

test('the chat alternative takes a message whose content is null', () => {
  expect(judge(chat, 200, { choices: [{ message: { content: null, reasoning_content: 'h' } }] })).toEqual({
    kind: 'ok',
  })
  expect(judge(chat, 200, { choices: [{}] })?.kind).toBe('bad')
})

test.each([
  [[0.1, -0.2], 'ok'],
  [[0, 0], 'bad'],
  [[null, 0.1], 'bad'],
  [['0.1'], 'bad'],
  [[], 'bad'],
])('an embedding of %j is %s', (vector, kind) => {
  expect(judge(embedding, 200, { data: [{ embedding: vector }] })?.kind).toBe(kind as never)
})

test.each([
  [-0.48, 'ok'],
  [0, 'ok'],
  [null, 'bad'],
  [undefined, 'bad'],
])('a relevance of %p is %s', (relevance_score, kind) => {
  expect(judge(rerank, 200, { results: [{ index: 0, relevance_score }] })?.kind).toBe(kind as never)
})
