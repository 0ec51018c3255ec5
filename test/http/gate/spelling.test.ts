/** The spellings of `/v1` that clients make out of a base URL and a path. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { endpoints } from '../../../src/contract/endpoints.ts'
import { respelled, spellings } from '../../../src/http/gate/spelling.ts'
import { startServer, type TestServer } from '../support/server.ts'

test('the usual spellings of a path come from slashes, dots and the prefix', () => {
  expect(spellings('/v1/models/')).toContain('/v1/models')
  expect(spellings('//v1//models')).toContain('/v1/models')
  expect(spellings('/v1/v1/v1/models')).toContain('/v1/models')
  expect(spellings('/models')).toEqual(['/v1/models'])
  expect(spellings('/v1/x/../models')).toContain('/v1/models')
  expect(spellings('/v10/models')).not.toContain('/v1/models')
})

test('a path of the API means only what it says', () => {
  for (const path of ['/api/models', '/api', '//api/models', '/api/v1/models']) expect(spellings(path)).toEqual([])
})

test('a target keeps its query string and, where its path is known, its spelling', () => {
  const isKnown = (path: string) => path === '/v1/models'
  expect(respelled('/models/?a=//b/', isKnown)).toBe('/v1/models?a=//b/')
  expect(respelled('/v1/models', isKnown)).toBe('/v1/models')
  expect(respelled('//else//', isKnown)).toBe('//else//')
})

describe('the server', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(() => server.stop())

  const ways: Record<string, (path: string) => string> = {
    'as it is': (path) => path,
    'with a slash at the end': (path) => `${path}/`,
    'with doubled slashes': (path) => path.replaceAll('/', '//'),
    'with /v1 twice': (path) => `/v1${path}`,
    'with /v1 twice and a slash at the end': (path) => `/v1${path}/`,
    'without /v1': (path) => path.replace(/^\/v1/, ''),
    'without /v1 and with slashes': (path) => `/${path.replace(/^\/v1/, '')}//`,
  }
  for (const [way, spell] of Object.entries(ways)) {
    test(`takes every path of inference ${way}`, async () => {
      for (const { method, paths } of Object.values(endpoints)) {
        for (const path of paths) {
          const body = method === 'POST' ? { body: '{"model":"primary"}' } : {}
          const answer = await fetch(`${server.url}${spell(path)}`, { method, ...body })
          expect([spell(path), answer.status]).toEqual([spell(path), 200])
          expect(await answer.json()).toMatchObject({ path })
        }
      }
    })

    test(`lists the models, and one of them, ${way}`, async () => {
      const list = (await (await fetch(`${server.url}${spell('/v1/models')}`)).json()) as { object: string }
      expect(list.object).toBe('list')
      const one = (await (await fetch(`${server.url}${spell('/v1/models/primary')}`)).json()) as { id: string }
      expect(one.id).toBe('primary')
    })

    test(`refuses another method ${way}, and names its own`, async () => {
      for (const method of ['DELETE', 'OPTIONS']) {
        const answer = await fetch(`${server.url}${spell('/v1/chat/completions')}`, { method })
        expect([method, answer.status, answer.headers.get('allow')]).toEqual([method, 405, 'POST'])
      }
    })
  }

  test('knows no more than that', async () => {
    for (const path of [
      '/chat',
      '/v1',
      '/v2/models',
      '/completions/x',
      '/api/completions',
      '/v1/api/slots',
      '/v1/status',
    ]) {
      expect([path, (await fetch(`${server.url}${path}`)).status]).toEqual([path, 404])
    }
  })

  test('has a model whose name has a slash, encoded or not', async () => {
    for (const path of ['/v1/models/org%2Falias', '/v1/models/org/alias', '/models/org/alias']) {
      expect(await (await fetch(`${server.url}${path}`)).json()).toMatchObject({ id: 'org/alias' })
    }
  })

  test('tells errors of messages in Anthropic’s envelope, that of a wrong method too, and all others in its own', async () => {
    const own = { error: { code: 'request.method_not_allowed' } }
    for (const path of ['/v1/messages', '/messages/', '/v1/messages/count_tokens']) {
      const answer = await fetch(`${server.url}${path}`)
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST'])
      expect(await answer.json()).toMatchObject({ type: 'error', ...own })
    }
    const other = (await (await fetch(`${server.url}/v1/responses`)).json()) as object
    expect(other).toMatchObject(own)
    expect(other).not.toHaveProperty('type')
  })
})

test('a daemon that stops tells the clients of messages so in Anthropic’s envelope', async () => {
  const server = await startServer()
  server.server.stop()
  const ask = async (path: string) =>
    (await fetch(`${server.url}${path}`, { method: 'POST', body: '{}', keepalive: false })).json()
  expect(await ask('/v1/messages')).toMatchObject({ type: 'error', error: { code: 'daemon.stopping' } })
  expect(await ask('/v1/responses')).toMatchObject({ error: { code: 'daemon.stopping', param: null } })
  await server.stop()
})
