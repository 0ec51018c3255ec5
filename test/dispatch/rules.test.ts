/** Rules of a slot, as its backend sees them. */
import { afterEach, describe, expect, test } from 'bun:test'
import { type BodyRules, noBodyRules, type SlotRules } from '../../src/contract/rules/slot-rules.ts'
import { FakeSlots } from './support/fake-slots.ts'
import { MiniServer } from './support/mini-server.ts'
import { jsonAnswer, RawUpstream, sse, streamEnd, streamHead } from './support/raw-upstream.ts'

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup()
})

const set = (rules: Partial<BodyRules>): BodyRules => ({ ...noBodyRules, ...rules })
const cool = set({ default: { temperature: 0.2 }, remove: ['top_k'] })
const deep = set({ fixed: { reasoning_effort: 'high', temperature: 1 } })

const setUp = (rules: SlotRules = { params: cool, profiles: { deep } }) => {
  const upstream = new RawUpstream(({ socket, body }) =>
    socket.write(body.includes('"stream":true') ? streamHead + sse({ n: 1 }) + streamEnd : jsonAnswer('{}')),
  )
  const slots = new FakeSlots(upstream.origin)
  slots.list = slots.list.map((view) => ({ ...view, rules }))
  const server = new MiniServer(slots)
  cleanups.push(
    () => upstream.stop(),
    () => server.stop(),
  )
  /** What the backend gets of a body. */
  const through = async (body: string, path?: string): Promise<string | undefined> => {
    expect((await server.post(body, path === undefined ? {} : { path })).status).toBe(200)
    return upstream.requests.at(-1)?.body
  }
  return { upstream, slots, server, through }
}

test('the backend gets the body with the rules of its slot, whatever the endpoint', async () => {
  const { through } = setUp()
  for (const path of ['/v1/chat/completions', '/v1/completions', '/v1/messages', '/v1/embeddings']) {
    expect(await through('{"model":"primary","top_k":5,"n":12345678901234567890}', path)).toBe(
      '{"model":"primary","n":12345678901234567890,"temperature":0.2}',
    )
    expect(await through('{"model":"gpt-4o","temperature":0.7}', path)).toBe('{"model":"gpt-4o","temperature":0.7}')
  }
})

test('a profile is asked for in the model, changes the body too, and is named in the log', async () => {
  const { through, server } = setUp()
  expect(await through('{"model":"primary:deep","top_k":5,"temperature":0.7}')).toBe(
    '{"model":"primary:deep","temperature":1,"reasoning_effort":"high"}',
  )
  expect((await server.logged(1))[0]).toMatchObject({
    model: 'primary:deep',
    slot: 'primary',
    reason: 'slot name; profile deep',
  })
  const unknown = await server.post({ model: 'primary:dep' })
  expect(unknown.status).toBe(404)
  expect(await unknown.json()).toMatchObject({
    error: { code: 'model.not_found', details: { available: ['primary', 'primary:deep', 'tiny', 'gpt-4o'] } },
  })
})

test('a changed rule counts for the next request', async () => {
  const { through, slots } = setUp()
  await through('{"model":"primary"}')
  slots.list = slots.list.map((view) => ({ ...view, rules: { params: set({ fixed: { a: 1 } }), profiles: {} } }))
  expect(await through('{"model":"primary"}')).toBe('{"model":"primary","a":1}')
})

test('a body of megabytes is changed, and its memory is given back', async () => {
  const { upstream, server } = setUp()
  const text = 'line\\n'.repeat(400_000)
  expect((await server.post(`{"prompt":"${text}","model":"primary"}`)).status).toBe(200)
  expect(upstream.requests.at(-1)?.body).toBe(`{"prompt":"${text}","model":"primary","temperature":0.2}`)
  await server.logged(1)
  expect(server.bodies.used).toBe(0)
})

describe('a form', () => {
  const form = () => {
    const body = new FormData()
    body.set('model', 'primary')
    body.set('file', new Blob(['x']), 'a.wav')
    return body
  }
  const send = (server: MiniServer) => fetch(`${server.url}/v1/audio/transcriptions`, { method: 'POST', body: form() })

  test('is refused by a slot with rules, which names them and how to take them away', async () => {
    const { server } = setUp()
    const answer = await send(server)
    expect(answer.status).toBe(400)
    const { error } = (await answer.json()) as { error: { code: string; message: string } }
    expect(error.code).toBe('request.unsupported')
    expect(error.message).toContain('top_k, temperature')
    expect(error.message).toContain('hal0 slot edit primary --unset params')
  })

  test('reaches a slot without any', async () => {
    const { server } = setUp({ params: noBodyRules, profiles: {} })
    expect((await send(server)).status).toBe(200)
  })
})
