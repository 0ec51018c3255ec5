/** Event streams that break off: what the client is told, and how. */
import { afterEach, describe, expect, test } from 'bun:test'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import { crashed } from '../support/fake-slots.ts'
import { rawPost } from '../support/raw-client.ts'
import { chunk, type RawRequest, sse, streamHead } from '../support/raw-upstream.ts'
import { relayTo } from '../support/relay-to.ts'

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup()
})

const setUp = (answer: (request: RawRequest) => void) => relayTo(answer, cleanups)
const askStream = JSON.stringify({ model: 'primary', stream: true })

/** The events in a raw answer, without its head and chunk frames. */
const eventsIn = (text: string): string[] =>
  text
    .slice(text.indexOf('\r\n\r\n') + 4)
    .replaceAll(/(?:^|\r\n)[0-9a-f]+\r\n/g, '')
    .split('\n\n')
    .map((event) => event.trim())
    .filter((event) => event !== '')
const codeIn = (event = ''): unknown =>
  (JSON.parse(event.slice('data: '.length)) as { error: { code: string } }).error.code

describe('a stream that breaks ends with an error event and without the last chunk', () => {
  const causes: Record<string, { code: string; cause: (at: ReturnType<typeof setUp>) => void }> = {
    'when its slot is unloaded': {
      code: 'slot.unloading',
      cause: ({ slots }) => slots.lastLease.takeBack(new Hal0Error('slot.unloading', 'The slot is unloading.')),
    },
    'when its backend crashes': { code: 'slot.crashed', cause: ({ slots }) => slots.lastLease.takeBack(crashed()) },
    'when the connection breaks': {
      code: 'upstream.failed',
      cause: ({ upstream }) => upstream.requests[0]?.socket.terminate(),
    },
    'when its backend sends nonsense': {
      code: 'upstream.failed',
      cause: ({ upstream }) => upstream.requests[0]?.socket.write('no chunk\r\n'),
    },
  }
  for (const [when, { code, cause }] of Object.entries(causes)) {
    test(when, async () => {
      const parts = setUp(({ socket }) => socket.write(streamHead + sse({ n: 1 })))
      const { text, complete } = await rawPost(parts.server.port, askStream, () => cause(parts))
      const events = eventsIn(text)
      expect(events.length).toBe(2)
      expect(events[0]).toBe('data: {"n":1}')
      expect(codeIn(events[1])).toBe(code)
      expect(JSON.parse(events[1]?.slice(6) ?? '')).toMatchObject({
        error: { message: expect.any(String), type: 'server_error', param: null, details: expect.any(Object) },
      })
      expect(complete).toBe(false)
      expect((await parts.server.logged(1))[0]).toMatchObject({ outcome: 'broken', status: 200, code })
      expect(parts.slots.lastLease.released).toBe(1)
    })
  }

  test('when its backend falls silent', async () => {
    const { server, slots } = setUp(({ socket }) => socket.write(streamHead + sse({ n: 1 })))
    slots.timeoutMs = 100
    const { text, complete } = await rawPost(server.port, askStream)
    expect(codeIn(eventsIn(text).at(-1))).toBe('upstream.timeout')
    expect(complete).toBe(false)
  })

  test('before its first event', async () => {
    const { server, slots } = setUp(({ socket }) => {
      socket.write(streamHead)
      setTimeout(() => slots.lastLease.takeBack(crashed()), 50)
    })
    const { text, complete } = await rawPost(server.port, askStream)
    expect(eventsIn(text).map(codeIn)).toEqual(['slot.crashed'])
    expect(complete).toBe(false)
  })

  test('within an event, of which the client then sees nothing', async () => {
    const { server, slots } = setUp(({ socket }) => socket.write(streamHead + chunk('data: {"n":1}\n\ndata: {"n"')))
    const { text } = await rawPost(server.port, askStream, () => slots.lastLease.takeBack(crashed()))
    const events = eventsIn(text)
    expect(events.slice(0, -1)).toEqual(['data: {"n":1}'])
    expect(codeIn(events.at(-1))).toBe('slot.crashed')
  })

  test('within an event of which half has passed, and the error is an event of its own', async () => {
    const { server, slots } = setUp(({ socket }) => {
      socket.write(streamHead + chunk(`data: {"n":1}\n\ndata: "${'x'.repeat(100_000)}`))
    })
    const { text } = await rawPost(server.port, askStream, () => slots.lastLease.takeBack(crashed()))
    expect(codeIn(eventsIn(text).at(-1))).toBe('slot.crashed')
  })
})

test('an answer that is not an event stream breaks without an event', async () => {
  const { server, slots } = setUp(({ socket }) => {
    socket.write(
      `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${chunk('{\n\n')}`,
    )
  })
  const { text, complete } = await rawPost(server.port, askStream, () => slots.lastLease.takeBack(crashed()))
  expect(text).not.toContain('slot.crashed')
  expect(complete).toBe(false)
})

test('the events of a stream that ends well are passed on unchanged, however they come', async () => {
  const body = ': hello\n\ndata: {"n":1}\r\n\r\nevent: x\ndata: ä\ndata: b\n\n: ping\ndata: 3\n\ndata: [DONE]\n\nrest'
  for (const size of [1, 2, 3, 7, 1000]) {
    const pieces = Buffer.from(body)
    const { server } = setUp(({ socket }) => {
      socket.write(streamHead)
      let at = 0
      const more = () => {
        const piece = pieces.subarray(at, at + size)
        at += size
        if (piece.length === 0) return socket.write('0\r\n\r\n')
        socket.write(Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]))
        setImmediate(more)
      }
      more()
    })
    expect(await (await server.post(askStream)).text()).toBe(body)
  }
})

describe('a client that closes', () => {
  const stream = (last: string) => setUp(({ socket }) => socket.write(streamHead + sse({ n: 1 }) + chunk(last)))
  const closeAfter = async (server: ReturnType<typeof setUp>['server'], last: string): Promise<void> => {
    const client = new AbortController()
    const answer = await server.post(askStream, { signal: client.signal })
    let text = ''
    const decoder = new TextDecoder()
    const reader = answer.body?.getReader()
    while (!text.endsWith(last)) text += decoder.decode((await reader?.read())?.value)
    client.abort()
  }

  test('at [DONE] had its answer', async () => {
    const last = 'data: [DONE]\n\n'
    const { server, slots, upstream } = stream(last)
    await closeAfter(server, last)
    expect((await server.logged(1))[0]).toMatchObject({ outcome: 'ok', status: 200, streamed: true })
    await upstream.until(() => upstream.closed === 1)
    expect(slots.lastLease.released).toBe(1)
  })

  for (const last of ['data: {"text":"[DONE]"}\n\n', 'data: {"n":"data: [DONE]"}\n\n']) {
    test(`at ${last.trim()} left before the end`, async () => {
      const { server } = stream(last)
      await closeAfter(server, last)
      expect((await server.logged(1))[0]).toMatchObject({ outcome: 'aborted' })
    })
  }
})
