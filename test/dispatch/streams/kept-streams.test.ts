/** Streams that can be read again after their client has left, at a backend that says how it keeps them. */
import { afterEach, describe, expect, test } from 'bun:test'
import type { Caller } from '../../../src/contract/caller.ts'
import { KeptStreams } from '../../../src/dispatch/streams/kept-streams.ts'
import { jsonAnswer, type RawRequest, sse, streamEnd, streamHead } from '../support/raw-upstream.ts'
import { relayTo } from '../support/relay-to.ts'

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup()
})

const caller = (name: string): Caller => ({ kind: 'local', name, address: '127.0.0.1', scope: 'infer', slots: null })
const primary = { slot: 'primary', pid: 100 }

describe('the memory of kept streams', () => {
  test('leads to the slot, as long as its process is the same', () => {
    const streams = new KeptStreams()
    streams.remember('a', caller('x'), primary)
    const find = (targets: { slot: string; pid: number | null }[]) =>
      streams.targetOf({ id: 'a', from: null }, caller('x'), targets)
    expect(find([{ slot: 'other', pid: 100 }, primary])).toBe(primary)
    expect(() => find([{ slot: 'primary', pid: 101 }])).toThrow('No running backend keeps a stream')
    expect(() => find([primary])).toThrow('No running backend keeps a stream')
    expect(streams.size).toBe(0)
  })

  test('is of the caller who began them', () => {
    const streams = new KeptStreams()
    streams.remember('a', caller('x'), primary)
    expect(() => streams.targetOf({ id: 'a', from: null }, caller('y'), [primary])).toThrow('No running backend')
    expect(streams.targetOf({ id: 'a', from: null }, caller('x'), [primary])).toBe(primary)
  })

  test('holds the newest thousand, and nothing of what has no process', () => {
    const streams = new KeptStreams()
    for (let n = 0; n < 5000; n++) streams.remember(`id ${n}`, caller('x'), primary)
    streams.remember('none', caller('x'), { slot: 'primary', pid: null })
    expect(streams.size).toBe(1024)
    expect(streams.targetOf({ id: 'id 4999', from: null }, caller('x'), [primary])).toBe(primary)
    expect(() => streams.targetOf({ id: 'id 0', from: null }, caller('x'), [primary])).toThrow()
  })
})

const targetOf = ({ head }: RawRequest): string => head.split(' ', 2).join(' ')
const notThere = jsonAnswer('{"error":{"code":404}}').replace('200 OK', '404 Not Found')
const noId = jsonAnswer('{"error":{"code":400}}').replace('200 OK', '400 Bad Request')

/** @param without what the backend answers to a request for no stream in particular */
const setUp = (without: string) =>
  relayTo((request) => {
    const target = targetOf(request)
    if (target === 'GET /v1/stream') request.socket.write(without)
    else if (target.startsWith('DELETE')) request.socket.write('HTTP/1.1 204 No Content\r\n\r\n')
    else if (target.startsWith('GET')) request.socket.write(streamHead + sse({ again: 1 }) + streamEnd)
    else request.socket.write(streamHead + sse({ n: 1 }))
  }, cleanups)

/** Begins a stream, and leaves after its first event. */
const beginAndLeave = async ({ server }: ReturnType<typeof setUp>, id: string): Promise<void> => {
  const leaving = new AbortController()
  const headers = { 'x-conversation-id': id }
  const answer = await server.post({ model: 'primary', stream: true }, { signal: leaving.signal, headers })
  await answer.body?.getReader().read()
  leaving.abort()
}

const forms: [string, string, string][] = [
  ['as a parameter', noId, 'GET /v1/stream?conv_id=a%2Fb&from=7'],
  ['in the path', notThere, 'GET /v1/stream/a%2Fb?from=7'],
]
for (const [how, without, target] of forms) {
  test(`a stream is read again from a backend that takes its id ${how}`, async () => {
    const parts = setUp(without)
    await beginAndLeave(parts, 'a/b')
    for (const asked of ['/v1/stream/a%2Fb?from=7', '/v1/stream?conv_id=a/b&from=7', '/v1/stream/a/b/?from=7']) {
      const answer = await fetch(`${parts.server.url}${asked}`)
      expect(await answer.text()).toBe('data: {"again":1}\n\ndata: [DONE]\n\n')
      expect(targetOf(parts.upstream.requests.at(-1) as RawRequest)).toBe(target)
    }
  })
}

test('the backend gets the id, and goes on for a client that left; the place stays taken until it ends', async () => {
  const parts = setUp(noId)
  const { server, slots, upstream } = parts
  await beginAndLeave(parts, 'a')
  const [began] = upstream.requests
  expect(began?.head).toContain('x-conversation-id: a')
  await server.clientsLeft()
  expect([upstream.closed, slots.lastLease.released]).toEqual([0, 0])
  began?.socket.write(streamEnd)
  expect(await server.logged(1)).toMatchObject([{ outcome: 'aborted', status: 200 }])
  expect(slots.leases.map(({ released }) => released)).toEqual([1])
})

test('a client that leaves before the answer begins, or asks for no stream, ends its request as ever', async () => {
  const { server, upstream } = relayTo(() => {}, cleanups)
  const leaving = new AbortController()
  const headers = { 'x-conversation-id': 'a' }
  const answer = server.post({ model: 'primary' }, { signal: leaving.signal, headers })
  await upstream.until(() => upstream.requests.length === 1)
  leaving.abort()
  await expect(answer).rejects.toThrow()
  await upstream.until(() => upstream.closed === 1)
})

test('a stream is ended by DELETE, and an unknown one is 404', async () => {
  const parts = setUp(noId)
  await beginAndLeave(parts, 'a')
  const end = (id: string) => fetch(`${parts.server.url}/v1/stream/${id}`, { method: 'DELETE' })
  expect((await end('a')).status).toBe(204)
  expect(targetOf(parts.upstream.requests.at(-1) as RawRequest)).toBe('DELETE /v1/stream?conv_id=a')
  const unknown = await end('b')
  expect(unknown.status).toBe(404)
  expect(await unknown.json()).toMatchObject({ error: { code: 'stream.not_found', type: 'not_found_error' } })
  expect((await fetch(`${parts.server.url}/v1/stream`)).status).toBe(400)
})

test('a stream is forgotten with the process of its slot', async () => {
  const parts = setUp(noId)
  await beginAndLeave(parts, 'a')
  parts.slots.list = parts.slots.list.map((slot) => ({ ...slot, pid: 101 }))
  expect((await fetch(`${parts.server.url}/v1/stream/a`)).status).toBe(404)
})

test('a backend that keeps no streams is not asked for one', async () => {
  const parts = setUp(noId)
  parts.slots.backend = { ...parts.slots.backend, keepsStreams: false }
  await beginAndLeave(parts, 'a')
  expect((await fetch(`${parts.server.url}/v1/stream/a`)).status).toBe(404)
  await parts.upstream.until(() => parts.upstream.closed === 1)
})
