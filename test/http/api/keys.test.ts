/** Keys over HTTP: made, used, limited and revoked, with the real store behind the API. */
import { afterEach, expect, test } from 'bun:test'
import { Access } from '../../../src/access/access.ts'
import type { KeyMade } from '../../../src/contract/access/keys.ts'
import { accessService } from '../../../src/http/api/access/service.ts'
import type { AppDeps } from '../../../src/http/app.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { startServer } from '../support/server.ts'

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

const setUp = async (overrides: Partial<AppDeps> = {}) => {
  const access = await Access.open(tempDir(), 'auto')
  const server = await startServer({
    access: accessService(
      access,
      { host: '127.0.0.1', auth: 'auto', behindProxy: [], corsOrigins: [] },
      { local: 'admin' },
    ),
    ...overrides,
  })
  access.onRevoked((key) => server.server.cutHeldBy(key))
  cleanups.push(async () => {
    await server.stop()
    await access.close()
  })
  const ask = (method: string, path: string, key: string | null, body?: unknown): Promise<Response> =>
    fetch(`${server.url}${path}`, {
      method,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  const make = async (body: object): Promise<KeyMade> => {
    const answer = await ask('POST', '/api/keys', null, body)
    expect(answer.status).toBe(201)
    return (await answer.json()) as KeyMade
  }
  return { access, server, ask, make }
}

const codeOf = async (answer: Response): Promise<string> =>
  ((await answer.json()) as { error: { code: string } }).error.code

test('a key is made, shown once, listed with what it was used for, and revoked', async () => {
  const { ask, make, access } = await setUp()
  const { key, ...made } = await make({ name: 'phone', scope: 'infer' })
  expect(made).toMatchObject({ name: 'phone', scope: 'infer', slots: null, expires_at: null, requests: 0, tokens: 0 })
  expect((await ask('POST', '/api/keys', null, { name: 'phone', scope: 'infer' })).status).toBe(409)

  expect((await ask('POST', '/v1/chat/completions', key, { model: 'primary' })).status).toBe(200)
  access.record({
    caller: { kind: 'key', name: 'phone', address: '127.0.0.1' },
    prompt_tokens: 30,
    completion_tokens: 12,
  })
  const [listed] = (await (await ask('GET', '/api/keys', null)).json()) as KeyMade[]
  expect(listed).toMatchObject({ name: 'phone', requests: 1, tokens: 42, last_used_at: expect.any(String) })
  expect(JSON.stringify(listed)).not.toContain(key.slice(10))

  expect((await ask('DELETE', '/api/keys/phone', null)).status).toBe(204)
  expect(await codeOf(await ask('GET', '/v1/models', key))).toBe('auth.required')
  expect(await codeOf(await ask('DELETE', '/api/keys/phone', null))).toBe('key.not_found')
})

test('a wrong key gets 401 with what a client expects, in the envelope of its dialect', async () => {
  const { ask } = await setUp()
  const wrong = `hal0_${'A'.repeat(43)}`
  const answer = await ask('POST', '/v1/chat/completions', wrong, { model: 'primary' })
  expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
  expect(((await answer.json()) as { error: object }).error).toMatchObject({
    type: 'authentication_error',
    code: 'auth.required',
  })
  const messages = await ask('POST', '/v1/messages', wrong, { model: 'primary' })
  expect(await messages.json()).toMatchObject({ type: 'error', error: { type: 'authentication_error' } })
})

test('a key that may infer changes nothing, and is told the scope that it lacks', async () => {
  const { ask, make } = await setUp()
  const { key } = await make({ name: 'phone', scope: 'infer' })
  expect((await ask('GET', '/api/status', key)).status).toBe(200)
  const refused = await ask('POST', '/api/slots/primary/load', key)
  expect(refused.status).toBe(403)
  expect(await codeOf(refused)).toBe('auth.forbidden')
  expect((await ask('GET', '/api/keys', key)).status).toBe(403)
})

test('a key in the URL counts for nothing', async () => {
  const { ask, make, server } = await setUp()
  const { key } = await make({ name: 'nas', scope: 'admin' })
  for (const path of [`/v1/models?key=${key}`, `/v1/models?api_key=${key}`]) {
    expect((await fetch(`${server.url}${path}`, { headers: { via: '1.1 nginx' } })).status).toBe(401)
  }
  expect((await ask('GET', '/v1/models', key)).status).toBe(200)
})

test('requests beyond a key’s limit get 429 with the time to wait', async () => {
  const { ask, make } = await setUp()
  const { key } = await make({ name: 'phone', scope: 'infer', requests_per_minute: 2 })
  const statuses: number[] = []
  for (let count = 0; count < 2; count++) {
    statuses.push((await ask('POST', '/v1/completions', key, { model: 'primary' })).status)
  }
  const limited = await ask('POST', '/v1/completions', key, { model: 'primary' })
  expect([...statuses, limited.status]).toEqual([200, 200, 429])
  expect(Number(limited.headers.get('retry-after'))).toBeWithin(1, 31)
  expect(await codeOf(limited)).toBe('auth.rate_limited')
  // What is no inference does not count.
  expect((await ask('GET', '/v1/models', key)).status).toBe(200)
})

test('a key that is revoked ends its open streams within a second, and no others', async () => {
  const left: string[] = []
  const { ask, make, server } = await setUp({
    dispatch: ({ request, caller }, answer) => {
      request.signal.addEventListener('abort', () => left.push(caller.name ?? ''))
      answer.begin(200, 'content-type: text/event-stream\r\n', null)
      answer.write(Buffer.from('data: 1\n\n'))
    },
  })
  const [phone, nas] = [await make({ name: 'phone', scope: 'infer' }), await make({ name: 'nas', scope: 'admin' })]
  const open = async (method: string, path: string, key: string, body?: object) => {
    const reader = (await ask(method, path, key, body)).body?.getReader()
    await reader?.read()
    return reader
  }
  const chat = { model: 'primary', stream: true }
  const ended = await open('POST', '/v1/chat/completions', phone.key, chat)
  await open('POST', '/v1/chat/completions', nas.key, chat)
  const events = await open('GET', '/api/slots/events', nas.key)
  const over = async (reader: typeof ended): Promise<boolean> => {
    for (;;) {
      const read = await reader?.read().catch(() => null)
      if (read === null || read === undefined || read.done) return true
    }
  }

  const asked = performance.now()
  expect((await ask('DELETE', '/api/keys/phone', phone.key)).status).toBe(403)
  expect((await ask('DELETE', '/api/keys/phone', nas.key)).status).toBe(204)
  expect(await over(ended)).toBe(true)
  expect(left).toEqual(['phone'])
  // The request that revokes its own key still gets its answer.
  expect((await ask('DELETE', '/api/keys/nas', nas.key)).status).toBe(204)
  expect(await over(events)).toBe(true)
  expect(left).toEqual(['phone', 'nas'])
  expect(performance.now() - asked).toBeLessThan(5000)
  expect(server.server.inFlight).toBe(0)
})

test('a key that is bound to slots sees only these in the list of models and in the status', async () => {
  const models = ['primary', 'embed']
  const { ask, make } = await setUp({
    openaiModels: ({ slots }) => ({
      object: 'list',
      data: models
        .filter((slot) => slots?.includes(slot) ?? true)
        .map((slot) => ({
          id: slot,
          object: 'model',
          created: 0,
          owned_by: 'hal0',
          slot,
          state: 'ready',
          context_length: 512,
          capabilities: ['chat'],
        })),
    }),
    status: () => ({
      version: '0.0.0',
      uptime_s: 1,
      pid: 1,
      supervisor: 'process',
      url: 'http://127.0.0.1',
      problems: ['The file of the slot embed is missing.'],
      slots: models.map((name) => ({ name, state: 'ready', model: null, port: 8081, capture: false })),
    }),
  })
  const { key } = await make({ name: 'phone', scope: 'infer', slots: ['primary'] })
  const list = (await (await ask('GET', '/v1/models', key)).json()) as { data: { id: string }[] }
  expect(list.data.map(({ id }) => id)).toEqual(['primary'])
  expect((await ask('GET', '/v1/models/embed', key)).status).toBe(404)
  expect(await (await ask('GET', '/api/status', key)).json()).toMatchObject({
    problems: [],
    slots: [{ name: 'primary' }],
  })
})
