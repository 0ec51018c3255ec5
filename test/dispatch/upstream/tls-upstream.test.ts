/** Another machine as a target, over TLS: what later remotes need of the gateway is there. */
import { afterEach, describe, expect, test } from 'bun:test'
import { createServer, type TLSSocket } from 'node:tls'
import { type BodyRules, noBodyRules } from '../../../src/contract/rules/slot-rules.ts'
import { openAiModels } from '../../../src/dispatch/targets/model-list.ts'
import type { Target } from '../../../src/dispatch/targets/target.ts'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import { FakeLease, FakeSlots } from '../support/fake-slots.ts'
import { MiniServer } from '../support/mini-server.ts'
import { jsonAnswer, sse, streamEnd, streamHead } from '../support/raw-upstream.ts'
import { selfSigned } from '../support/self-signed.ts'
import { TlsUpstream } from '../support/tls-upstream.ts'

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup()
})

interface Asked {
  head: string
  body: string
  socket: TLSSocket
}

/** A backend that speaks TLS, and answers each whole request. */
const tlsBackend = async (answer: (asked: Asked) => void) => {
  const { key, cert } = selfSigned('backend.test')
  const asked: Asked[] = []
  const server = createServer({ key, cert }, (socket) => {
    let text = ''
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1')
      const [head = '', body] = text.split('\r\n\r\n', 2)
      if (body === undefined || body.length < Number(/content-length: (\d+)/.exec(head)?.[1])) return
      asked.push({ head, body, socket })
      answer({ head, body, socket })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { origin: `https://backend.test:${port}`, cert, asked }
}

const traits = {
  dialects: ['openai'],
  withheldHeaders: new Set(['x-mine']),
  keyVariable: null,
  keepsStreams: false,
  onHangUp: 'abort',
} as const

const setUp = async (answer: (asked: Asked) => void, params: BodyRules = noBodyRules) => {
  const backend = await tlsBackend(answer)
  const leases: FakeLease[] = []
  const far: Target = {
    name: 'far',
    slot: null,
    state: null,
    model: 'big',
    aliases: [],
    load: 'manual',
    mode: 'chat',
    requests: 0,
    remoteMedia: false,
    upstream: new TlsUpstream(backend.cert),
    rules: { params, profiles: {} },
    capture: false,
    pid: null,
    refusal: () => null,
    loading: () => null,
    abilities: () => ({ capabilities: ['chat'], contextLength: null }),
    acquire() {
      const lease = new FakeLease(backend.origin, 10_000, traits)
      leases.push(lease)
      return lease
    },
  }
  const slots = new FakeSlots('http://127.0.0.1:1')
  const server = new MiniServer(slots, { others: [far] })
  cleanups.push(() => server.stop())
  return { ...backend, far, slots, leases, server }
}

describe('a target over TLS', () => {
  test('answers, and gets neither credentials nor the headers that it must not get', async () => {
    const { server, asked, leases, origin } = await setUp(({ socket }) => socket.write(jsonAnswer('{"a": 1}')))
    const body = '{ "model": "big" }'
    const answer = await server.post(body, {
      headers: { authorization: 'Bearer secret', 'x-mine': 'secret', 'x-conversation-id': 'kept' },
    })
    expect(answer.status).toBe(200)
    expect(await answer.text()).toBe('{"a": 1}')
    expect(asked.map((each) => each.body)).toEqual([body])
    expect(asked[0]?.head).not.toContain('secret')
    expect(asked[0]?.head).toContain('x-conversation-id: kept')
    expect(asked[0]?.head).toContain(`host: ${origin.slice('https://'.length)}\r\n`)
    expect(leases.map(({ released }) => released)).toEqual([1])
    expect((await server.logged(1))[0]).toMatchObject({ slot: null, reason: 'model of far', model: 'big', status: 200 })
  })

  test('streams, piece by piece', async () => {
    const { server, asked } = await setUp(({ socket }) => socket.write(streamHead + sse({ n: 1 })))
    const answer = await server.post({ model: 'big', stream: true })
    const reader = answer.body?.getReader()
    const text = async () => new TextDecoder().decode((await reader?.read())?.value)
    expect(await text()).toBe('data: {"n":1}\n\n')
    asked[0]?.socket.write(streamEnd)
    expect(await text()).toBe('data: [DONE]\n\n')
    expect((await server.logged(1))[0]).toMatchObject({ outcome: 'ok', streamed: true })
  })

  test('that breaks is reported without mentioning slots', async () => {
    const { server, leases } = await setUp(({ socket }) => socket.destroy())
    const answer = await server.post({ model: 'big' })
    expect(answer.status).toBe(502)
    const { error } = (await answer.json()) as { error: { code: string; message: string } }
    expect(error.code).toBe('upstream.failed')
    expect(error.message).toBe('far broke the connection before its answer was complete. Try again.')
    expect(leases.map(({ released }) => released)).toEqual([1])
  })

  test('sees the hang-up of its client', async () => {
    const closed = Promise.withResolvers<void>()
    const { server } = await setUp(({ socket }) => {
      socket.on('close', () => closed.resolve())
      socket.write(streamHead + sse({ n: 1 }))
    })
    const leaving = new AbortController()
    const answer = await server.post({ model: 'big' }, { signal: leaving.signal })
    await answer.body?.getReader().read()
    leaving.abort()
    await closed.promise
    expect((await server.logged(1))[0]).toMatchObject({ outcome: 'aborted' })
  })

  test('whose rules change the body gets the changed one', async () => {
    const rules = { ...noBodyRules, fixed: { temperature: 0 } }
    const { server, asked } = await setUp(({ socket }) => socket.write(jsonAnswer('{}')), rules)
    expect((await server.post('{"model":"big"}')).status).toBe(200)
    expect(asked[0]?.body).toBe('{"model":"big","temperature":0}')
  })

  test('is in the list of models, after those of the slots', async () => {
    const { far, slots } = await setUp(() => {})
    const views = slots.views().map((view) => ({ ...view, slot: view.name }))
    const { data } = openAiModels([far, ...views], () => null)
    expect(data.map(({ id, slot, state }) => [id, slot, state])).toEqual([
      ['primary', 'primary', 'ready'],
      ['tiny', 'primary', 'ready'],
      ['gpt-4o', 'primary', 'ready'],
      ['big', null, null],
    ])
  })

  test('comes after a slot of that name, ref or alias', async () => {
    const { server, slots } = await setUp(() => {})
    slots.onAcquire = () => {
      throw new Hal0Error('slot.not_loaded', 'The slot was asked.')
    }
    slots.list = slots.list.map((view) => ({ ...view, aliases: ['big'] }))
    expect((await server.post({ model: 'big' })).status).toBe(503)
    expect((await server.logged(1))[0]).toMatchObject({ slot: 'primary', reason: 'alias of primary' })
  })
})
