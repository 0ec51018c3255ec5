import { afterEach, describe, expect, test } from 'bun:test'
import { noBodyRules } from '../../src/contract/rules/slot-rules.ts'
import { Hal0Error } from '../../src/lib/hal0-error.ts'
import type { SlotView } from '../../src/slots/run/lease.ts'
import { FakeSlots } from './support/fake-slots.ts'
import { MiniServer } from './support/mini-server.ts'
import { jsonAnswer, RawUpstream, sse, streamEnd, streamHead } from './support/raw-upstream.ts'

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup()
})

const usage = { prompt_tokens: 5, completion_tokens: 2 }
const setUp = (options: { maxBodyBytes?: number; registered?: string } = {}) => {
  const upstream = new RawUpstream(({ socket, body }) => {
    if (body.includes('"stream":true')) socket.write(streamHead + sse({ n: 1 }) + sse({ usage }) + streamEnd)
    else socket.write(jsonAnswer(JSON.stringify({ usage })))
  })
  const slots = new FakeSlots(upstream.origin)
  const server = new MiniServer(slots, options)
  cleanups.push(
    () => upstream.stop(),
    () => server.stop(),
  )
  return { upstream, slots, server }
}

describe('a body', () => {
  test('over the limit is refused at once if its length says so, and the client sees the refusal while it sends', async () => {
    const { server, upstream } = setUp({ maxBodyBytes: 1 << 20 })
    for (let attempt = 0; attempt < 3; attempt++) {
      const answer = await server.post(Buffer.alloc(100 << 20, 'x'))
      expect(answer.status).toBe(413)
      expect(await answer.json()).toMatchObject({
        error: { code: 'request.too_large', details: { limit_bytes: 1 << 20 } },
      })
    }
    expect(upstream.requests.length).toBe(0)
  })

  for (const [what, beginning] of [
    ['JSON', '{"x":"'],
    ['not JSON', 'no'],
  ] as const) {
    test(`over the limit is refused when it comes in chunks of unknown number, be it ${what}`, async () => {
      const { server } = setUp({ maxBodyBytes: 1 << 20 })
      let left = 100
      const body = new ReadableStream({
        pull(controller) {
          controller.enqueue(Buffer.from(left === 100 ? beginning : 'y'.repeat(1 << 20)))
          if (--left === 0) controller.close()
        },
      })
      const answer = await fetch(`${server.url}/v1/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      })
      expect(answer.status).toBe(413)
    })
  }

  test('at the limit passes, in chunks too', async () => {
    const text = JSON.stringify({ model: 'primary', x: 'y'.repeat(1000) })
    const { server, upstream } = setUp({ maxBodyBytes: text.length })
    expect((await server.post(text)).status).toBe(200)
    const answer = await fetch(`${server.url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: new Blob([text]).stream(),
    })
    expect(answer.status).toBe(200)
    expect(upstream.requests.map((request) => request.body)).toEqual([text, text])
  })

  test('larger than what is written in one go reaches the backend whole', async () => {
    const { server, upstream } = setUp()
    const text = JSON.stringify({ model: 'primary', x: 'y'.repeat(8 << 20) })
    expect((await server.post(text)).status).toBe(200)
    expect(upstream.requests[0]?.body === text).toBe(true)
  })

  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', '']) {
    test(`of JSON that is called "${type}" is accepted, and called JSON to the backend`, async () => {
      const { server, upstream } = setUp()
      const text = '{"model":"primary","x":"a=b&c"}'
      expect((await server.post(text, { headers: { 'content-type': type } })).status).toBe(200)
      const [asked] = upstream.requests
      expect(asked?.head.match(/^content-type: .*$/gim)).toEqual(['content-type: application/json'])
      expect(asked?.body).toBe(text)
    })

    test(`of type "${type}" that is no JSON is refused as such`, async () => {
      const { server, upstream } = setUp()
      const answer = await server.post('model=primary&x=1', { headers: { 'content-type': type } })
      expect(answer.status).toBe(400)
      const { error } = (await answer.json()) as { error: { code: string; message: string } }
      expect(error.code).toBe('request.invalid')
      expect(error.message).toContain('not valid JSON')
      expect(upstream.requests).toEqual([])
    })
  }

  for (const encoding of ['gzip', 'br', 'zstd', 'deflate', 'identity, gzip', 'x-unknown']) {
    test(`in Content-Encoding ${encoding} is refused with 415, which names it`, async () => {
      const { server, upstream } = setUp()
      const answer = await server.post(Buffer.from(Bun.gzipSync('{"model":"primary"}')), {
        headers: { 'content-encoding': encoding },
      })
      expect(answer.status).toBe(415)
      const { error } = (await answer.json()) as { error: { code: string; param: string; message: string } }
      expect(error).toMatchObject({ code: 'request.unsupported', param: 'content-encoding' })
      expect(error.message).toContain(`Content-Encoding "${encoding}"`)
      expect(upstream.requests.length).toBe(0)
    })
  }

  test('in Content-Encoding identity is accepted', async () => {
    const { server } = setUp()
    expect((await server.post({ model: 'primary' }, { headers: { 'content-encoding': 'identity' } })).status).toBe(200)
  })

  for (const type of ['application/json; charset=utf-8', 'Application/JSON', 'application/vnd.api+json']) {
    test(`of type "${type}" is accepted, and called that to the backend`, async () => {
      const { server, upstream } = setUp()
      expect((await server.post('{"model":"primary"}', { headers: { 'content-type': type } })).status).toBe(200)
      expect(upstream.requests[0]?.head.match(/^content-type: .*$/gim)).toEqual([`content-type: ${type}`])
    })
  }

  test('that is not JSON, or nests 10,000 deep, is refused with an envelope', async () => {
    const { server } = setUp()
    for (const text of ['hello', '[', `{"model":"primary","x":${'['.repeat(10_000)}${']'.repeat(10_000)}}`]) {
      const answer = await server.post(text)
      expect(answer.status).toBe(400)
      expect(await answer.json()).toMatchObject({ error: { code: 'request.invalid', type: 'invalid_request_error' } })
    }
  })
})

describe('a request', () => {
  test('goes to the path of its endpoint, without its query', async () => {
    const { server, upstream } = setUp()
    for (const path of ['chat/completions', 'completions', 'embeddings', 'rerank', 'reranking']) {
      expect((await server.post({ model: 'primary' }, { path: `/v1/${path}?api_key=secret` })).status).toBe(200)
    }
    expect(upstream.requests.map(({ head }) => head.split(' ')[1])).toEqual([
      '/v1/chat/completions',
      '/v1/completions',
      '/v1/embeddings',
      '/v1/rerank',
      '/v1/rerank',
    ])
  })

  test('for a model that no slot has is answered with the available names', async () => {
    const { server } = setUp({ registered: 'big' })
    const unknown = await server.post({ model: '../../etc' })
    expect(unknown.status).toBe(404)
    expect(await unknown.json()).toMatchObject({
      error: { code: 'model.not_found', param: 'model', details: { available: ['primary', 'tiny', 'gpt-4o'] } },
    })
    const { error } = (await (await server.post({ model: 'big' })).json()) as { error: { message: string } }
    expect(error.message).toContain('hal0 slot create')
  })

  const abilities: SlotView['abilities'] = () => ({ capabilities: [], contextLength: null })
  test('for something that a slot cannot do goes to one that can, and to none if the slot is named', async () => {
    const { server, slots } = setUp()
    const chat = {
      name: 'a',
      state: 'ready',
      model: 'tiny',
      aliases: [],
      load: 'manual',
      rules: { params: noBodyRules, profiles: {} },
      capture: false,
      requests: 0,
      remoteMedia: false,
      pid: null,
      waiting: 0,
      abilities,
    } as const
    slots.list = [
      { ...chat, mode: 'chat' },
      { ...chat, name: 'b', mode: 'embedding' },
    ]
    const path = '/v1/embeddings'
    expect((await server.post({ model: 'tiny' }, { path })).status).toBe(200)
    const refused = await server.post({ model: 'a' }, { path })
    expect(refused.status).toBe(400)
    expect(await refused.json()).toMatchObject({
      error: { code: 'request.unsupported', param: 'model', details: { slots: ['b'] } },
    })
    expect(await server.logged(2)).toMatchObject([
      { slot: 'b', candidates: ['tiny'], reason: 'registry ref, ready; not for embeddings: a' },
      { slot: null, candidates: ['tiny'], code: 'request.unsupported', status: 400 },
    ])
  })

  for (const how of ['rejects', 'throws'] as const) {
    test(`that its slot refuses (${how}) is answered with the slot's error`, async () => {
      const { server, slots } = setUp()
      slots.onAcquire = () => {
        const refusal = new Hal0Error('slot.queue_full', 'The queue of slot primary is full.', { retryAfterS: 3 })
        if (how === 'throws') throw refusal
        return Promise.reject(refusal)
      }
      const answer = await server.post({ model: 'primary' })
      expect(answer.status).toBe(429)
      expect(answer.headers.get('retry-after')).toBe('3')
      expect((await server.logged(1))[0]).toMatchObject({ slot: 'primary', code: 'slot.queue_full', wait_ms: null })
    })
  }

  test('that meets a defect is answered with a fixed sentence', async () => {
    const { server, slots } = setUp()
    slots.onAcquire = () => {
      throw new TypeError('undefined is not a function')
    }
    const answer = await server.post({ model: 'primary' })
    expect(answer.status).toBe(500)
    expect(await answer.text()).not.toContain('undefined')
  })

  test('among 300 others at the same time is served: there is no limit of 256', async () => {
    const held: (() => void)[] = []
    const all = Promise.withResolvers<void>()
    const upstream = new RawUpstream(({ socket }) => {
      held.push(() => socket.write(jsonAnswer('{}')))
      if (held.length === 300) all.resolve()
    })
    const server = new MiniServer(new FakeSlots(upstream.origin))
    cleanups.push(
      () => upstream.stop(),
      () => server.stop(),
    )
    // The client of this test has that limit itself: a raw one has not.
    const clients = Array.from({ length: 300 }, () => {
      const done = Promise.withResolvers<string>()
      const body = '{"model":"primary"}'
      const connected = Bun.connect({
        hostname: '127.0.0.1',
        port: server.port,
        socket: {
          open(socket) {
            socket.write(
              `POST /v1/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
            )
          },
          data(socket, bytes) {
            done.resolve(bytes.toString().slice(9, 12))
            socket.end()
          },
        },
      })
      return connected.then(() => done.promise)
    })
    await all.promise
    for (const answer of held) answer()
    expect(new Set(await Promise.all(clients))).toEqual(new Set(['200']))
  })
})

describe('the decision', () => {
  test('on an answered request says what was asked, considered, picked and used', async () => {
    const { server } = setUp()
    const before = Date.now()
    await (await server.post({ model: 'gpt-4o' }, { headers: { 'x-request-id': 'r-1' } })).text()
    const [decision] = await server.logged(1)
    expect(decision).toMatchObject({
      request_id: 'r-1',
      path: '/v1/chat/completions',
      caller: { kind: 'local', name: null, address: '127.0.0.1' },
      model: 'gpt-4o',
      candidates: ['tiny'],
      slot: 'primary',
      reason: 'alias of primary',
      state: 'ready',
      status: 200,
      outcome: 'ok',
      code: null,
      streamed: false,
      prompt_tokens: 5,
      completion_tokens: 2,
    })
    expect(Date.parse(decision?.time ?? '')).toBeGreaterThanOrEqual(before)
    const { wait_ms = null, first_byte_ms = null, duration_ms = 0 } = decision ?? {}
    expect(wait_ms).toBeGreaterThanOrEqual(0)
    expect(first_byte_ms).toBeGreaterThanOrEqual(wait_ms ?? 0)
    expect(duration_ms).toBeGreaterThanOrEqual(first_byte_ms ?? 0)
  })

  test('on a stream has its tokens', async () => {
    const { server } = setUp()
    await (await server.post('{"model":"primary","stream":true}')).text()
    expect((await server.logged(1))[0]).toMatchObject({ streamed: true, prompt_tokens: 5, completion_tokens: 2 })
  })

  test('on a model name of a megabyte keeps its beginning and its length; so does the answer', async () => {
    const { server } = setUp()
    for (const model of ['x'.repeat(1 << 20), 'x'.repeat(700)]) {
      const answer = await server.post({ model }, { headers: { 'x-request-id': 'y'.repeat(5000) } })
      expect(answer.status).toBe(404)
      expect((await answer.text()).length).toBeLessThan(1000)
    }
    const decisions = await server.logged(2)
    for (const decision of decisions) expect(JSON.stringify(decision).length).toBeLessThan(1500)
    expect(decisions.map(({ model }) => model)).toEqual([
      `${'x'.repeat(128)}… (1048576 bytes)`,
      `${'x'.repeat(256)}… (700 characters)`,
    ])
  })

  test('on a refused request says why', async () => {
    const { server } = setUp()
    await server.post({ model: 'other' })
    expect((await server.logged(1))[0]).toMatchObject({
      model: 'other',
      slot: null,
      status: 404,
      outcome: 'error',
      code: 'model.not_found',
      reason: 'No slot serves the model "other". There is: primary, tiny, gpt-4o.',
    })
  })
})
