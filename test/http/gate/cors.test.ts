import { describe, expect, test } from 'bun:test'
import { Access } from '../../../src/access/access.ts'
import { accessService } from '../../../src/http/api/access/service.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { startServer } from '../support/server.ts'

const page = 'https://chat.example'

const setUp = async () => {
  const access = await Access.open(tempDir(), 'auto')
  const settings = { host: '127.0.0.1', auth: 'auto' as const, behindProxy: [], corsOrigins: [page] }
  const { url } = await startServer({ access: accessService(access, settings, { local: 'admin' }) })
  const { key } = await access.keys.create({ name: 'chat', scope: 'infer' })
  const ask = (method: string, path: string, headers: Record<string, string> = {}) =>
    fetch(`${url}${path}`, { method, headers: { origin: page, ...headers } })
  const allowed = async (answer: Promise<Response>) => (await answer).headers.get('access-control-allow-origin')
  return { ask, allowed, bearer: { authorization: `Bearer ${key}` } }
}
const question = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,x-mine' }

describe('a page of an allowed origin', () => {
  test('is told before its request that it may send one, with its own headers', async () => {
    const { ask } = await setUp()
    for (const path of ['/v1/chat/completions', '/v1/models', '/chat/completions', '/v1//chat/completions/']) {
      const answer = await ask('OPTIONS', path, question)
      expect([path, answer.status]).toEqual([path, 204])
      expect(answer.headers.get('access-control-allow-origin')).toBe(page)
      expect(answer.headers.get('access-control-allow-headers')).toBe('authorization,x-mine')
    }
  })

  test('may read what it gets with a key, refusals too', async () => {
    const { ask, allowed, bearer } = await setUp()
    expect(await allowed(ask('GET', '/v1/models', bearer))).toBe(page)
    expect(await allowed(ask('POST', '/v1/chat/completions', bearer))).toBe(page)
  })

  test('may not read what it gets without a key, although it runs on this machine', async () => {
    const { ask, allowed } = await setUp()
    expect(await allowed(ask('GET', '/v1/models'))).toBeNull()
  })

  test('has no part in what is not inference, with a key or without', async () => {
    const { ask, allowed, bearer } = await setUp()
    for (const path of ['/api/slots', '/api/keys', '/metrics', '/openapi.json', '/']) {
      expect(await allowed(ask('GET', path, bearer))).toBeNull()
      expect(await allowed(ask('OPTIONS', path, question))).toBeNull()
    }
  })
})

test('pages of other origins are told nothing, however alike they look', async () => {
  const { ask, allowed, bearer } = await setUp()
  for (const origin of ['https://chat.example.evil', 'http://chat.example', 'https://chat.example:444', 'null', '*']) {
    expect(await allowed(ask('OPTIONS', '/v1/models', { ...question, origin }))).toBeNull()
    expect(await allowed(ask('GET', '/v1/models', { ...bearer, origin }))).toBeNull()
  }
})

test('names of headers that are none are not repeated', async () => {
  const { ask } = await setUp()
  const answer = await ask('OPTIONS', '/v1/models', { ...question, 'access-control-request-headers': 'a b; c' })
  expect(answer.headers.get('access-control-allow-headers')).toBe('authorization, content-type, x-api-key')
})
