/** A new endpoint is one more row of the table: everything else follows from it. */
import { afterEach, describe, expect, test } from 'bun:test'
import { type Endpoint, endpoints } from '../../../src/contract/endpoints.ts'
import type { Decision } from '../../../src/contract/logs/decision.ts'
import { slotModes } from '../../../src/contract/slot-config.ts'
import { BodyBudget } from '../../../src/dispatch/body/body-budget.ts'
import { makeDispatch } from '../../../src/dispatch/dispatcher.ts'
import { SlotTargets } from '../../../src/dispatch/targets/slot-targets.ts'
import { Loopback } from '../../../src/dispatch/upstream/loopback.ts'
import { sendError } from '../../../src/http/answers/errors.ts'
import type { OpenApiDocument } from '../../../src/http/docs/openapi.ts'
import { FakeSlots } from '../../dispatch/support/fake-slots.ts'
import { jsonAnswer, RawUpstream } from '../../dispatch/support/raw-upstream.ts'
import { startServer } from '../support/server.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** Differs from every other row in every field. */
const row: Endpoint = {
  method: 'POST',
  paths: ['/v1/sound/words', '/v1/words'],
  scope: 'infer',
  backendPath: '/inference',
  model: 'multipart',
  dialect: 'anthropic',
  capability: 'rerank',
  usage: 'anthropic',
}
const listing: Endpoint = { ...row, method: 'GET', paths: ['/v1/sound/voices'], backendPath: '/voices', model: 'query' }
const anybody: Endpoint = { ...listing, paths: ['/v1/sound/any'], model: 'none' }

const setUp = async () => {
  const backend = new RawUpstream(({ socket }) =>
    socket.write(jsonAnswer('{"usage":{"input_tokens":3,"output_tokens":4}}')),
  )
  const slots = new FakeSlots(backend.origin)
  slots.list = slots.list.map((slot) => ({ ...slot, mode: 'rerank' }))
  const decisions: Decision[] = []
  const dispatch = makeDispatch({
    targets: new SlotTargets(slots, new Loopback()),
    models: { get: () => null },
    modes: slotModes,
    decisions: { record: (decision) => void decisions.push(decision) },
    captures: { keep: () => {} },
    refuse: (answer, error, { dialect, requestId }) =>
      sendError(answer, error, { method: 'POST', url: '', requestId }, dialect),
    headerLines: '',
    bodies: new BodyBudget(1 << 30),
  })
  // The only place where the new rows are added.
  const server = await startServer({ dispatch, inference: [...Object.values(endpoints), row, listing, anybody] })
  cleanups.push(
    () => backend.stop(),
    () => server.stop(),
  )
  const post = (path: string, form: Record<string, string | Blob>, headers: Record<string, string> = {}) => {
    const body = new FormData()
    for (const [name, value] of Object.entries(form)) body.append(name, value)
    return fetch(`${server.url}${path}`, { method: 'POST', body, headers })
  }
  return { server, backend, slots, decisions, post }
}

const sound = new Blob([Buffer.alloc(300_000, '\r\n--x')])

describe('a new row of the endpoint table', () => {
  for (const path of ['/v1/sound/words', '/v1/words', '/v1/sound/words/', '/v1/sound/../sound/words?key=secret']) {
    test(`leads ${path} to its path at the backend, with the form unchanged`, async () => {
      const { backend, decisions, post } = await setUp()
      const answer = await post(path, { file: sound, model: 'primary' })
      expect(answer.status).toBe(200)
      const [asked] = backend.requests
      expect(asked?.head).toStartWith('POST /inference HTTP/1.1\r\n')
      expect(asked?.head).toContain('content-type: multipart/form-data; boundary=')
      expect(asked?.body.length).toBeGreaterThan(300_000)
      expect(decisions).toMatchObject([
        { model: 'primary', slot: 'primary', status: 200, prompt_tokens: 3, completion_tokens: 4 },
      ])
      expect(row.paths).toContain(decisions[0]?.path ?? '')
    })
  }

  test('says what bodies it takes', async () => {
    const { server, backend } = await setUp()
    const asJson = (path: string) =>
      fetch(`${server.url}${path}`, {
        method: 'POST',
        body: '{"model":"primary"}',
        headers: { 'content-type': 'application/json' },
      })
    expect((await asJson('/v1/words')).status).toBe(415)
    expect((await asJson('/v1/rerank')).status).toBe(200)
    const form = new FormData()
    form.append('model', 'primary')
    expect((await fetch(`${server.url}/v1/rerank`, { method: 'POST', body: form })).status).toBe(400)
    expect(backend.requests.length).toBe(1)
  })

  test('has its refusals in the envelope of its dialect, those of the gate too', async () => {
    const { decisions, post } = await setUp()
    const unknown = await post('/v1/words', { model: 'other' })
    expect(unknown.status).toBe(404)
    expect(await unknown.json()).toMatchObject({
      type: 'error',
      error: { type: 'not_found_error', code: 'model.not_found', details: { model: 'other' } },
    })
    const foreign = await post('/v1/words', { model: 'primary' }, { origin: 'http://evil.test' })
    expect(foreign.status).toBe(403)
    expect(await foreign.json()).toMatchObject({ type: 'error', error: { code: 'origin.not_allowed' } })
    expect(decisions.map(({ code }) => code)).toEqual(['model.not_found'])
  })

  test('asks for what it needs: a slot that cannot do it is refused', async () => {
    const { slots, post } = await setUp()
    slots.list = slots.list.map((slot) => ({ ...slot, mode: 'chat' }))
    const answer = await post('/v1/words', { model: 'primary' })
    expect(await answer.json()).toMatchObject({ error: { code: 'request.unsupported', details: { slots: [] } } })
  })

  test('refuses other methods, and names its own', async () => {
    const { server } = await setUp()
    const answer = await fetch(`${server.url}/v1/words`)
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST'])
  })

  test('is in /openapi.json with each of its paths', async () => {
    const { server } = await setUp()
    const { paths } = (await (await fetch(`${server.url}/openapi.json`)).json()) as OpenApiDocument
    expect(paths['/v1/sound/words']?.post).toMatchObject({ operationId: 'soundWords', tags: ['anthropic'] })
    expect(Object.keys(paths['/v1/words']?.post?.requestBody?.content ?? {})).toEqual(['multipart/form-data'])
    const parameters = paths['/v1/sound/voices']?.get?.parameters ?? []
    expect(parameters).toContainEqual(expect.objectContaining({ name: 'model', in: 'query', required: true }))
    expect(paths['/v1/sound/any']?.get?.requestBody).toBeUndefined()
  })

  test('may name its model in the query string, which the backend does not get', async () => {
    const { server, backend, decisions } = await setUp()
    expect((await fetch(`${server.url}/v1/sound/voices?x=1&model=gpt-4o`)).status).toBe(200)
    expect(backend.requests[0]?.head).toStartWith('GET /voices HTTP/1.1\r\n')
    expect(decisions).toMatchObject([{ model: 'gpt-4o', reason: 'alias of primary' }])
    const without = await fetch(`${server.url}/v1/sound/voices`)
    expect(await without.json()).toMatchObject({ error: { code: 'request.invalid' } })
  })

  test('may need no model: any slot that can do it is asked, and if none can, the error says so', async () => {
    const { server, slots, decisions } = await setUp()
    expect((await fetch(`${server.url}/v1/sound/any`)).status).toBe(200)
    expect(decisions).toMatchObject([
      { model: null, slot: 'primary', reason: 'no model named; primary is for reranking' },
    ])
    slots.list = []
    const nobody = await fetch(`${server.url}/v1/sound/any`)
    expect(nobody.status).toBe(400)
    expect(await nobody.json()).toMatchObject({ error: { code: 'request.unsupported' } })
  })

  test('of GET answers HEAD as well', async () => {
    const { server } = await setUp()
    const answer = await fetch(`${server.url}/v1/sound/any`, { method: 'HEAD' })
    expect([answer.status, answer.headers.get('content-length')]).toEqual([200, '46'])
  })
})
