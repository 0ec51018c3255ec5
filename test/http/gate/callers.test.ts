/** Who asks, and what follows from the scope that a route declares. */
import { afterEach, describe, expect, test } from 'bun:test'
import { Elysia } from 'elysia'
import type { Caller, Scope } from '../../../src/contract/caller.ts'
import { endpoints } from '../../../src/contract/endpoints.ts'
import { eventStreams } from '../../../src/contract/operations/event-streams.ts'
import type { Operation } from '../../../src/contract/operations/operation.ts'
import { operations } from '../../../src/contract/operations/operations.ts'
import type { InferenceCall } from '../../../src/dispatch/dispatch-port.ts'
import { mountDaemon } from '../../../src/http/api/daemon.ts'
import { type FindCaller, forbidden } from '../../../src/http/gate/callers.ts'
import { type Route, Routes } from '../../../src/http/routing/routes.ts'
import { localCaller, openAccess } from '../support/local-caller.ts'
import { startServer, type TestServer } from '../support/server.ts'

const servers: TestServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop()
})

/** A caller that hal0 does not have yet: a request that shows `phone` may infer, everybody else may do everything. */
const phoneOrLocal: FindCaller = (request) => {
  const local = localCaller(request)
  const isPhone = request.headers.get('x-api-key') === 'phone'
  return isPhone ? { ...local, name: 'phone', scope: 'infer' } : local
}

const setUp = async () => {
  const calls: InferenceCall[] = []
  const server = await startServer({
    access: openAccess(phoneOrLocal),
    dispatch: (call, answer) => {
      calls.push(call)
      answer.send(200, '', null)
    },
  })
  servers.push(server)
  const ask = async (method: string, path: string, key = 'phone') => {
    const asked = new AbortController()
    const answer = await fetch(`${server.url}${path.replaceAll(/\{\w+\}/g, 'x')}`, {
      method,
      headers: { 'x-api-key': key, ...(method === 'GET' ? {} : { 'content-type': 'application/json' }) },
      ...(method === 'GET' ? {} : { body: '{}' }),
      signal: asked.signal,
    })
    const text = answer.headers.get('content-type')?.startsWith('text/event-stream') === true ? '' : await answer.text()
    asked.abort()
    return { status: answer.status, text }
  }
  return { server, calls, ask }
}

const routes: { method: string; path: string; scope: Scope }[] = [
  ...Object.values<Operation>(operations),
  ...Object.values(eventStreams),
  { method: 'GET', path: '/v1/models', scope: 'infer' },
  { method: 'GET', path: '/v1/models/primary', scope: 'infer' },
  { method: 'GET', path: '/docs', scope: 'admin' },
  { method: 'GET', path: '/openapi.json', scope: 'admin' },
  ...Object.values(endpoints).map(({ method, paths, scope }) => ({ method, path: paths[0], scope })),
]

describe('a caller with the scope infer', () => {
  test('is refused wherever a route declares admin, and nowhere else', async () => {
    const { ask } = await setUp()
    const otherwise: Record<string, number> = { 'POST /api/session': 201, 'DELETE /api/session': 204 }
    for (const { method, path, scope } of routes) {
      const { status, text } = await ask(method, path)
      const what = `${method} ${path}: ${status} ${text.includes('"auth.forbidden"')}`
      if (scope === 'admin') expect(what).toBe(`${method} ${path}: 403 true`)
      else expect(what).toBe(`${method} ${path}: ${otherwise[`${method} ${path}`] ?? 200} false`)
    }
    expect(
      routes
        .filter(({ scope }) => scope !== 'admin')
        .map(({ path }) => path)
        .sort(),
    ).toEqual([
      '/api/health',
      '/api/session',
      '/api/session',
      '/api/status',
      '/v1/audio/speech',
      '/v1/audio/transcriptions',
      '/v1/audio/translations',
      '/v1/audio/voices',
      '/v1/chat/completions',
      '/v1/completions',
      '/v1/embeddings',
      '/v1/messages',
      '/v1/messages/count_tokens',
      '/v1/models',
      '/v1/models/primary',
      '/v1/rerank',
      '/v1/responses',
      '/v1/stream',
      '/v1/stream',
    ])
  })

  test('is told the scope that it lacks, and how to get it', () => {
    const phone: Caller = { kind: 'key', name: 'phone', address: '127.0.0.1', scope: 'infer', slots: null }
    const error = forbidden(phone, 'admin')
    expect(error).toMatchObject({ code: 'auth.forbidden', status: 403, details: { scope: 'admin', granted: 'infer' } })
    expect(error?.message).toBe(
      'This needs the scope admin, and "phone" has the scope infer. Ask with a key that has it: hal0 key create NAME --scope admin',
    )
    for (const scope of ['none', 'infer'] as const) expect(forbidden(phone, scope)).toBeNull()
  })

  test('goes with its request to the dispatcher', async () => {
    const { ask, calls } = await setUp()
    await ask('POST', '/v1/completions')
    await ask('POST', '/v1/completions', 'none')
    expect(calls.map(({ caller, path }) => ({ ...caller, path }))).toEqual([
      { kind: 'local', name: 'phone', scope: 'infer', slots: null, address: '127.0.0.1', path: '/v1/completions' },
      { kind: 'local', name: null, scope: 'admin', slots: null, address: '127.0.0.1', path: '/v1/completions' },
    ])
  })
})

describe('routes', () => {
  const make = () => new Routes(new Elysia() as unknown as Elysia, operations, true)

  test('without a scope do not start', () => {
    const route = { method: 'GET', path: '/api/open' } as unknown as Route
    expect(() => make().on(route, () => new Response())).toThrow('GET /api/open declares no scope')
  })

  test('hand the caller to their handlers', async () => {
    const made = make()
    const callers: Caller[] = []
    made.on({ method: 'GET', path: '/api/who', scope: 'none' }, (_request, _params, { caller }) => {
      callers.push(caller)
      return new Response()
    })
    const phone: Caller = { kind: 'local', name: 'phone', address: '10.0.0.1', scope: 'infer', slots: null }
    await made.answer(new Request('http://localhost/api/who'), { caller: phone, requestId: 'r1' })
    expect(callers).toEqual([phone])
  })

  test('answer nobody who bypassed the gate', async () => {
    const elysia = new Elysia() as unknown as Elysia
    mountDaemon(new Routes(elysia, operations, true), () => {
      throw new Error('answered')
    })
    const answer = await elysia.fetch(new Request('http://localhost/api/status'))
    expect([answer.status, await answer.text()]).toEqual([500, 'GET http://localhost/api/status came past the gate'])
  })
})
