import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import type { ErrorEnvelope } from '../../../src/contract/error.ts'
import { operations } from '../../../src/contract/operations/operations.ts'
import { decisionOf } from '../support/fake-services.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeEach(async () => {
  server = await startServer()
  server.slots.add('primary')
})
afterEach(() => server.stop())

const send = (method: string, path: string, body?: unknown): Promise<Response> =>
  fetch(`${server.url}${path}`, {
    method,
    ...(body === undefined
      ? {}
      : {
          headers: { 'content-type': 'application/json' },
          body: typeof body === 'string' ? body : JSON.stringify(body),
        }),
  })

const errorOf = async (response: Response): Promise<ErrorEnvelope['error']> =>
  ((await response.json()) as ErrorEnvelope).error

describe('a body', () => {
  test('with an unknown field is refused by name, and nothing is made', async () => {
    const response = await send('POST', '/api/slots', { name: 'a', modle: 'tiny' })
    const error = await errorOf(response)
    expect(response.status).toBe(400)
    expect(error.code).toBe('request.invalid')
    expect(error.param).toBe('modle')
    expect(error.message).toContain('modle is not a known field')
    expect(server.slots.records().map(({ name }) => name)).toEqual(['primary'])
  })

  test('with a wrong type is refused with field and reason', async () => {
    const error = await errorOf(await send('PATCH', '/api/slots/primary', { idle_timeout_s: 'soon' }))
    expect([error.code, error.param]).toEqual(['request.invalid', 'idle_timeout_s'])
    expect(error.message).toContain('number')
  })

  test('that sets __proto__ is refused', async () => {
    const error = await errorOf(await send('POST', '/api/slots', '{"name":"a","__proto__":{"polluted":true}}'))
    expect([error.code, error.param]).toEqual(['request.invalid', '__proto__'])
  })

  const broken: [string, string][] = [
    ['is not JSON', '{nope'],
    ['is empty', ''],
    ['nests 10,000 deep', `${'['.repeat(10_000)}${']'.repeat(10_000)}`],
    ['nests 10,000 deep inside of an object', `{"name":"a","aliases":${'['.repeat(10_000)}`],
    ['is an array', '[]'],
    ['is null', 'null'],
    ['is two values', '{} {}'],
  ]
  for (const [what, text] of broken) {
    test(`that ${what} is refused`, async () => {
      const response = await send('POST', '/api/slots', text)
      expect([response.status, (await errorOf(response)).code]).toEqual([400, 'request.invalid'])
    })
  }

  test('may hold many brackets inside of strings', async () => {
    expect((await send('POST', '/api/slots', { name: 'a', extra_args: ['[{"\\'.repeat(200)] })).status).toBe(201)
  })

  test('that is not UTF-8 is refused', async () => {
    const response = await fetch(`${server.url}/api/slots`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: new Uint8Array([0x22, 0xff, 0x22]),
    })
    expect((await errorOf(response)).message).toContain('UTF-8')
  })

  test('of more than 1 MiB is refused', async () => {
    const response = await send('POST', '/api/slots', { name: 'a', extra_args: ['x'.repeat(1_100_000)] })
    expect([response.status, (await errorOf(response)).code]).toEqual([413, 'request.too_large'])
  })

  test('is refused where the operation takes none', async () => {
    expect((await send('POST', '/api/slots/primary/load', {})).status).toBe(202)
    expect((await errorOf(await send('POST', '/api/slots/primary/load', { now: true }))).param).toBe('now')
  })
})

describe('a query', () => {
  test('gives its numbers as numbers', async () => {
    expect(await (await send('GET', '/api/slots/primary/logs?lines=2')).json()).toEqual(['two', 'three'])
    await send('GET', '/api/logs/decisions?limit=5&slot=7')
    expect(server.decisions.queries).toEqual([{ limit: 5, slot: '7' }])
  })

  test('of a list with more entries names its next page in Link; the last page names none', async () => {
    for (let id = 1; id <= 5; id++) server.decisions.add(decisionOf(id))
    const seen: number[] = []
    let path: string | undefined = '/api/logs/decisions?limit=2&slot=a%20b'
    while (path !== undefined) {
      const answer = await send('GET', path)
      seen.push(...((await answer.json()) as { id: number }[]).map(({ id }) => id))
      path = /^<([^>]+)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1]
      if (path !== undefined) expect(path).toBe(`/api/logs/decisions?limit=2&slot=a+b&before=${seen.at(-1)}`)
    }
    expect(seen).toEqual([5, 4, 3, 2, 1])
  })

  for (const query of [
    'lines=x',
    'lines=',
    'lines=0',
    'lines=1.5',
    'lines=1e9',
    'lines=0x10',
    'lines=%2B5',
    'lines=1&lines=2',
    'line=1',
    '__proto__=1',
  ]) {
    test(`"${query}" is refused by name`, async () => {
      const response = await send('GET', `/api/slots/primary/logs?${query}`)
      const error = await errorOf(response)
      expect([response.status, error.code, error.param]).toEqual([400, 'request.invalid', query.split('=')[0] ?? ''])
    })
  }
})

describe('a command', () => {
  test('answers 202 at once without wait', async () => {
    const response = await send('POST', '/api/slots/primary/load')
    expect(response.status).toBe(202)
    expect(server.slots.commands).toEqual([{ name: 'primary', command: { do: 'load' }, waitS: null }])
  })

  test('answers 200 with wait', async () => {
    expect((await send('POST', '/api/slots/primary/load?wait=1.5')).status).toBe(200)
    expect(server.slots.commands[0]?.waitS).toBe(1.5)
  })

  test('of swap carries the model', async () => {
    await send('POST', '/api/slots/primary/swap?wait=0', { model: 'other' })
    expect(server.slots.commands).toEqual([{ name: 'primary', command: { do: 'swap', model: 'other' }, waitS: 0 }])
  })
})

describe('a path', () => {
  for (const name of [
    '..%2f..%2fetc',
    'UPPER',
    '%ff',
    '%zz',
    'a'.repeat(40),
    '-',
    'a%00b',
    '__proto__',
    'constructor',
  ]) {
    test(`with the slot name ${name} is not found`, async () => {
      for (const suffix of ['', '/logs', '/logs/events']) {
        const response = await send('GET', `/api/slots/${name}${suffix}`)
        expect(response.status).toBe(404)
        expect((await errorOf(response)).code).toMatch(/^(?:slot|request)\.not_found$/)
      }
    })
  }

  for (const path of [
    '/api',
    '/api/nothing',
    '/api/slots/primary/nothing',
    '/v1',
    '/v1/nothing',
    '/nothing',
    '//evil',
  ]) {
    test(`${path} that is unknown is not found`, async () => {
      const response = await send('GET', path)
      expect([response.status, (await errorOf(response)).code]).toEqual([404, 'request.not_found'])
    })
  }

  test('with another method is refused with Allow', async () => {
    const response = await send('PUT', '/api/slots/primary', {})
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, PATCH, DELETE, HEAD'])
    expect((await errorOf(response)).code).toBe('request.method_not_allowed')
    expect((await send('GET', '/v1/chat/completions')).headers.get('allow')).toBe('POST')
  })
})

test('HEAD answers as GET does, without the body', async () => {
  const paths = Object.values(operations).flatMap(({ method, path }) => (method === 'GET' ? [path] : []))
  const known = [...paths, '/api/slots/events', '/api/slots/{name}/logs/events', '/v1/models', '/openapi.json', '/docs']
  for (const path of known) {
    const real = path.replace('{name}', 'primary').replace('{id}', 'tiny')
    const response = await send('HEAD', real)
    expect([real, response.status, await response.text()]).toEqual([real, 200, ''])
    // A stream has no length, and one of 0 would say that there is nothing.
    if (real.endsWith('/events')) expect([real, response.headers.get('content-length')]).toEqual([real, null])
    else {
      const whole = await send('GET', real)
      expect([real, response.headers.get('content-length')]).toEqual([real, String((await whole.bytes()).length)])
    }
  }
  expect((await send('HEAD', '/api/slots/nobody/logs/events')).status).toBe(404)
  expect(server.app.streams.size).toBe(0)
})

describe('removing a model', () => {
  test('is refused while a slot is configured for it', async () => {
    const response = await send('DELETE', '/api/models/tiny')
    expect(response.status).toBe(409)
    expect(response.headers.get('x-should-retry')).toBe('false')
    expect((await errorOf(response)).details).toEqual({ slots: ['primary'] })
  })

  test('is refused while a slot still runs it, although it is configured for another', async () => {
    server.slots.add('primary', { model: 'tiny', state: 'ready' }, { model: 'other' })
    expect((await send('DELETE', '/api/models/tiny')).status).toBe(409)
  })

  test('is refused while it is the projector of a slot', async () => {
    server.slots.add('primary', { model: 'other' }, { model: 'other', mmproj: 'tiny' })
    expect((await send('DELETE', '/api/models/tiny')).status).toBe(409)
  })

  test('works once nothing refers to it', async () => {
    server.slots.add('primary', { model: 'other' }, { model: 'other' })
    expect((await send('DELETE', '/api/models/tiny')).status).toBe(204)
    expect((await send('GET', '/api/models/tiny')).status).toBe(404)
  })
})

test('every operation of the table is served with an answer that conforms to its schema', async () => {
  const bodies: Record<string, unknown> = {
    createSlot: { name: 'fresh' },
    editSlot: { load: 'on-demand' },
    swapSlot: { model: 'tiny' },
    editSettings: { port: 9000 },
    importModel: { path: '/models/x.gguf' },
    pullModel: { repo: 'owner/repo', file: 'x.gguf' },
    installEngine: { provider: 'llama.cpp', source: 'pypi' },
    createKey: { name: 'phone', scope: 'infer' },
    signIn: { link: 'x' },
    useEngine: { provider: 'llama.cpp', engine: '/usr/bin/llama-server' },
  }
  const last = ['deleteSlot', 'deleteModel']
  const names = Object.keys(operations).sort((a, b) => last.indexOf(a) - last.indexOf(b)) as (keyof typeof operations)[]
  for (const name of names) {
    const { method, path, replies } = operations[name]
    const id = path.startsWith('/api/models') ? 'tiny' : 'llama.cpp-pypi-1'
    if (name === 'deleteModel') server.slots.add('fresh', { model: null }, { model: null })
    const response = await send(
      method,
      path.replace('{name}', 'primary').replace('{id}', id).replace('{owner}/{repo}', 'owner/repo'),
      bodies[name],
    )
    expect([name, Object.keys(replies)]).toEqual([name, expect.arrayContaining([String(response.status)])])
  }
})
