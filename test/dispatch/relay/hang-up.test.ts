/** A client that hangs up: most backends see a hang-up too; those whose provider says so work to the end of the answer. */
import { afterEach, describe, expect, test } from 'bun:test'
import { llamaServer } from '../../../src/providers/llamacpp/backend.ts'
import { type RawRequest, sse, streamEnd, streamHead } from '../support/raw-upstream.ts'
import { relayTo } from '../support/relay-to.ts'

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup()
})

const setUp = (answer: (request: RawRequest) => void) => {
  const relayed = relayTo(answer, cleanups)
  relayed.slots.backend = { ...llamaServer, onHangUp: 'finish' }
  return relayed
}

describe('a backend that works on', () => {
  test('is read to the end of its stream, and its place is taken that long', async () => {
    const { server, slots, upstream } = setUp(({ socket }) => socket.write(streamHead + sse({ n: 1 })))
    const leaving = new AbortController()
    const answer = await server.post({ model: 'primary', stream: true }, { signal: leaving.signal })
    await answer.body?.getReader().read()
    leaving.abort()
    await server.clientsLeft()
    const [asked] = upstream.requests
    // More than what the system would hold for a client that is slow.
    for (let piece = 0; piece < 200; piece++) {
      const bytes = Buffer.from(sse({ usage: { prompt_tokens: 1, completion_tokens: piece }, x: 'y'.repeat(20_000) }))
      for (let at = 0; at < bytes.length; ) {
        at += Math.max(0, asked?.socket.write(bytes.subarray(at)) ?? bytes.length)
        if (at < bytes.length) await new Promise((resolve) => setImmediate(resolve))
      }
    }
    expect(slots.lastLease.released).toBe(0)
    asked?.socket.write(sse({ usage: { prompt_tokens: 1, completion_tokens: 200 } }) + streamEnd)
    expect(await server.logged(1)).toMatchObject([{ outcome: 'aborted', status: 200, completion_tokens: 200 }])
    expect(slots.lastLease.released).toBe(1)
    expect(upstream.closed).toBe(0)
  })

  test('that is silent for too long is given up all the same', async () => {
    const asked = Promise.withResolvers<void>()
    const { server, slots, upstream } = setUp(() => asked.resolve())
    slots.timeoutMs = 300
    const leaving = new AbortController()
    const answer = server.post({ model: 'primary' }, { signal: leaving.signal }).catch(() => null)
    await asked.promise
    leaving.abort()
    await answer
    expect(await server.logged(1)).toMatchObject([{ outcome: 'aborted', status: 499 }])
    await upstream.until(() => upstream.closed === 1)
    expect(slots.lastLease.released).toBe(1)
  })
})
