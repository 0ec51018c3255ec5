/** What the front and the relay do together. */
import { afterEach, expect, test } from 'bun:test'
import { post, RawClient } from '../http/front/raw-client.ts'
import { FakeSlots } from './support/fake-slots.ts'
import { MiniServer } from './support/mini-server.ts'
import { chunk, jsonAnswer, type RawRequest, RawUpstream, streamHead } from './support/raw-upstream.ts'

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup()
})

const quick = { sweepMs: 10, writeMs: 60, bodyMs: 60 }
const setUp = (answer: (request: RawRequest) => void) => {
  const upstream = new RawUpstream(answer)
  const slots = new FakeSlots(upstream.origin)
  const server = new MiniServer(slots, { limits: quick })
  cleanups.push(
    () => upstream.stop(),
    () => server.stop(),
  )
  return { upstream, slots, server }
}
const path = '/v1/chat/completions'
const ask = '{"model":"primary"}'

test('header bytes that are not ASCII reach the backend as they came', async () => {
  const { upstream, server } = setUp(({ socket }) => socket.write(jsonAnswer('{}')))
  const client = await RawClient.open(server.port)
  await client.send(post(path, ask, 'X-Title: caf\xe9 \xc3\xa9\r\nConnection: close\r\n')).toEnd()
  expect(client.statuses).toEqual([200])
  expect(upstream.requests[0]?.head).toContain('x-title: caf\xe9 \xc3\xa9\r\n')
})

test('a client that half-closes gets the answer of a slow backend', async () => {
  const { server } = setUp(({ socket }) => setTimeout(() => socket.write(jsonAnswer('{"late":true}')), 300))
  const client = await RawClient.open(server.port)
  expect(await client.send(post(path, ask)).halfClose().toEnd()).toEndWith('{"late":true}')
  expect((await server.logged(1))[0]).toMatchObject({ outcome: 'ok', status: 200 })
})

test('a client that never reads holds the backend back, and then frees its place', async () => {
  const piece = Buffer.from(chunk('x'.repeat(64 * 1024)))
  const { upstream, slots, server } = setUp(({ socket }) => {
    socket.write(streamHead)
    const timer = setInterval(() => {
      if (socket.write(piece) < 0) clearInterval(timer)
    }, 1)
    cleanups.push(() => clearInterval(timer))
  })
  const client = await RawClient.open(server.port, false)
  client.send(post(path, ask))
  expect((await server.logged(1))[0]).toMatchObject({ outcome: 'aborted', status: 200 })
  expect(slots.lastLease.released).toBe(1)
  await upstream.until(() => upstream.closed === 1)
})

test('a body that stalls is answered 408', async () => {
  const { server } = setUp(() => {})
  const client = await RawClient.open(server.port)
  const answer = await client.send(post(path, ask).slice(0, -3)).toEnd()
  expect(client.statuses).toEqual([408])
  expect(answer).toContain('"code":"request.invalid"')
})
