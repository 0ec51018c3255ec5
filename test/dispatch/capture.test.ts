/** What is kept of requests to a slot that captures. */
import { afterEach, expect, test } from 'bun:test'
import { captureBounds } from '../../src/contract/logs/captured.ts'
import { noBodyRules } from '../../src/contract/rules/slot-rules.ts'
import { FakeSlots } from './support/fake-slots.ts'
import { MiniServer } from './support/mini-server.ts'
import { jsonAnswer, RawUpstream, sse, streamEnd, streamHead } from './support/raw-upstream.ts'

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup()
})

const setUp = (capture: boolean, answer = '{"choices":[]}') => {
  const upstream = new RawUpstream(({ socket, body }) =>
    socket.write(
      body.includes('"stream":true') ? streamHead + sse({ n: 1 }) + sse({ n: 2 }) + streamEnd : jsonAnswer(answer),
    ),
  )
  const slots = new FakeSlots(upstream.origin)
  const rules = { params: { ...noBodyRules, fixed: { a: 1 } }, profiles: {} }
  slots.list = slots.list.map((view) => ({ ...view, capture, rules }))
  const server = new MiniServer(slots)
  cleanups.push(
    () => upstream.stop(),
    () => server.stop(),
  )
  return server
}

test('nothing is kept of a slot that does not capture', async () => {
  const server = setUp(false)
  await (await server.post({ model: 'primary' })).text()
  await server.logged(1)
  expect(server.captured).toEqual([])
})

test('the body as the backend gets it is kept, and the answer, which the client gets unchanged', async () => {
  const server = setUp(true)
  expect(await (await server.post('{"model":"gpt-4o","x":"ä"}')).text()).toBe('{"choices":[]}')
  const [decision] = await server.logged(1)
  expect(server.captured).toEqual([
    {
      slot: 'primary',
      captured: {
        time: decision?.time ?? '',
        request_id: decision?.request_id ?? '',
        path: '/v1/chat/completions',
        model: 'gpt-4o',
        status: 200,
        outcome: 'ok',
        request: { text: '{"model":"gpt-4o","x":"ä","a":1}', bytes: 33 },
        answer: { text: '{"choices":[]}', bytes: 14 },
      },
    },
  ])
})

test('a stream is kept too', async () => {
  const server = setUp(true)
  const text = await (await server.post({ model: 'primary', stream: true })).text()
  await server.logged(1)
  expect(server.captured[0]?.captured.answer).toEqual({ text, bytes: text.length })
  expect(text).toContain('"n":2')
})

test('of long texts the beginning is kept, never half a character', async () => {
  const long = `"${'ä'.repeat(captureBounds.textBytes)}"`
  const server = setUp(true, long)
  expect(await (await server.post(`{"model":"primary","x":${long}}`)).text()).toBe(long)
  await server.logged(1)
  for (const { text, bytes } of [server.captured[0]?.captured.request, server.captured[0]?.captured.answer].map(
    (one) => one ?? { text: null, bytes: 0 },
  )) {
    expect(bytes).toBeGreaterThan(2 * captureBounds.textBytes)
    expect(Math.abs(Buffer.byteLength(text ?? '') - captureBounds.textBytes)).toBeLessThan(2)
    expect(text).not.toContain('\ufffd')
  }
})
