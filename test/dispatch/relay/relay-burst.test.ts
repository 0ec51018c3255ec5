/** Tokens that come faster than anybody reads them, whose connection is read once a millisecond. */
import { afterEach, describe, expect, test } from 'bun:test'
import { rawPost } from '../support/raw-client.ts'
import { type RawRequest, sse, streamEnd, streamHead } from '../support/raw-upstream.ts'
import { relayTo } from '../support/relay-to.ts'

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup()
})

const setUp = (answer: (request: RawRequest) => void) => relayTo(answer, cleanups)
const askStream = JSON.stringify({ model: 'primary', stream: true })

/** Pieces one after the other, a turn of the event loop apart. */
const burst = (socket: RawRequest['socket'], pieces: string[], then: () => void): void => {
  const [next, ...rest] = pieces
  if (next === undefined) {
    then()
  } else {
    socket.write(next)
    setImmediate(burst, socket, rest, then)
  }
}
const numbers = Array.from({ length: 200 }, (_, n) => n)

describe('a burst', () => {
  test('arrives whole and in order, and leaves its connection for the next answer', async () => {
    const { server, upstream } = setUp(({ socket }) => {
      const pieces = numbers.map((n) => sse({ n }))
      burst(socket, [streamHead, ...pieces], () => socket.write(streamEnd))
    })
    const whole = `${numbers.map((n) => `data: {"n":${n}}\n\n`).join('')}data: [DONE]\n\n`
    for (let request = 0; request < 5; request++) {
      expect(await (await server.post(askStream)).text()).toBe(whole)
    }
    expect(upstream.connections).toBe(1)
  })

  test('that ends with its connection arrives whole', async () => {
    const { server } = setUp(({ socket }) => {
      const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n'
      burst(socket, [head, ...numbers.map((n) => `data: ${n}\n\n`)], () => socket.end())
    })
    const { text, complete } = await rawPost(server.port, askStream)
    expect([...(text.match(/data: \d+/g) ?? [])]).toEqual(numbers.map((n) => `data: ${n}`))
    expect(complete).toBe(true)
  })

  for (const how of ['end', 'terminate'] as const) {
    test(`in which its backend dies (${how}) breaks the stream of the client`, async () => {
      const { server } = setUp(({ socket }) => {
        burst(socket, [streamHead, ...numbers.map((n) => sse({ n }))], () => socket[how]())
      })
      expect((await rawPost(server.port, askStream)).complete).toBe(false)
      expect((await server.logged(1))[0]).toMatchObject({ outcome: 'broken', code: 'upstream.failed' })
    })
  }
})
