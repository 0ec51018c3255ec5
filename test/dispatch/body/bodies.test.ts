/** Large bodies: which are refused before they are read, how much memory all may take, and that they arrive unchanged. */
import { afterEach, describe, expect, test } from 'bun:test'
import { connect, type Socket } from 'node:net'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import { FakeSlots } from '../support/fake-slots.ts'
import { MiniServer } from '../support/mini-server.ts'
import { jsonAnswer, type RawRequest, RawUpstream } from '../support/raw-upstream.ts'

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup()
})

const mebibyte = 1 << 20
const setUp = (
  options: { maxBodyBytes?: number; bodyMemoryBytes?: number } = {},
  answer: (request: RawRequest) => void = ({ socket }) => socket.write(jsonAnswer('{}')),
) => {
  const upstream = new RawUpstream(answer)
  const slots = new FakeSlots(upstream.origin)
  const server = new MiniServer(slots, options)
  cleanups.push(
    () => upstream.stop(),
    () => server.stop(),
  )
  return { upstream, slots, server }
}

/** A client that has sent the beginning of a POST, and sends no more unless told to. */
const beginPost = (port: number, length: number | null, beginning: string) => {
  let text = ''
  const closed = Promise.withResolvers<void>()
  const answered = Promise.withResolvers<void>()
  const socket: Socket = connect(port, '127.0.0.1')
  cleanups.push(() => void socket.destroy())
  const size = length === null ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`
  socket.write(
    `POST /v1/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n${size}\r\n\r\n${beginning}`,
  )
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1')
    if (text.includes('\r\n\r\n')) answered.resolve()
  })
  socket.on('error', () => {})
  socket.on('close', () => closed.resolve())
  /** Head and body of the answer. */
  const answer = async (): Promise<{ status: number; text: string }> => {
    await answered.promise
    return { status: Number(text.slice(9, 12)), text }
  }
  return { socket, answer, closed: closed.promise }
}
const body = (model: string, bytes: number): string => {
  const empty = JSON.stringify({ model, x: '' })
  return JSON.stringify({ model, x: 'y'.repeat(bytes - empty.length) })
}

describe('a large body is refused while nearly all of it is still with the client', () => {
  const cases: Record<string, { model: string; status: number; code: string; refuses?: Hal0Error }> = {
    'for an unknown model': { model: 'nobody', status: 404, code: 'model.not_found' },
    'for a slot that will refuse it': {
      model: 'primary',
      status: 503,
      code: 'slot.not_loaded',
      refuses: new Hal0Error('slot.not_loaded', 'The slot is not loaded.'),
    },
    'for a name that nothing can have': { model: 'x'.repeat(5000), status: 404, code: 'model.not_found' },
  }
  for (const [what, { model, status, code, refuses = null }] of Object.entries(cases)) {
    for (const length of [50 * mebibyte, null]) {
      test(`${what}, ${length === null ? 'in chunks' : 'of a known length'}`, async () => {
        const { server, slots } = setUp()
        slots.refuses = refuses
        const beginning = `{"model":"${model}","messages":["`
        const chunk = `${beginning.length.toString(16)}\r\n${beginning}\r\n`
        const { answer } = beginPost(server.port, length, length === null ? chunk : beginning)
        const { status: got, text } = await answer()
        expect(got).toBe(status)
        expect(text).toContain(`"code":"${code}"`)
        expect(text.toLowerCase()).toContain('connection: close')
        expect(server.bodies.used).toBe(0)
        expect((await server.logged(1))[0]).toMatchObject({ status, code, outcome: 'error' })
      })
    }
  }

  test('and its client, which keeps sending, reads the answer', async () => {
    const { server } = setUp()
    for (let attempt = 0; attempt < 3; attempt++) {
      const answer = await server.post(Buffer.from(body('nobody', 50 * mebibyte)))
      expect(answer.status).toBe(404)
      expect(await answer.json()).toMatchObject({ error: { code: 'model.not_found' } })
    }
  })
})

describe('the bodies of all requests share one memory', () => {
  test('beyond which a request is told to retry; admitted ones are served, and then there is room', async () => {
    const { server, upstream } = setUp({ bodyMemoryBytes: 10 * mebibyte })
    const whole = body('primary', 8 * mebibyte)
    const first = beginPost(server.port, whole.length, whole.slice(0, mebibyte))
    await (async () => {
      while (server.bodies.used !== whole.length) await Bun.sleep(1)
    })()
    const refused = await server.post(whole)
    expect(refused.status).toBe(503)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await refused.json()).toMatchObject({
      error: { code: 'daemon.busy', details: { limit_bytes: 10 * mebibyte, used_bytes: expect.any(Number) } },
    })
    expect((await server.post(body('primary', mebibyte))).status).toBe(200)
    first.socket.write(whole.slice(mebibyte))
    expect((await first.answer()).status).toBe(200)
    expect((await server.post(whole)).status).toBe(200)
    expect(upstream.requests.map((request) => request.body.length)).toEqual([mebibyte, whole.length, whole.length])
    expect(server.bodies.used).toBe(0)
  })

  test('of which a body in chunks takes as much as has arrived', async () => {
    const { server } = setUp({ bodyMemoryBytes: 2 * mebibyte })
    let left = 100
    const stream = new ReadableStream({
      pull(controller) {
        controller.enqueue(Buffer.from(left === 100 ? '{"model":"primary","x":"' : 'y'.repeat(100_000)))
        if (--left === 0) controller.close()
      },
    })
    const answer = await fetch(`${server.url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: stream,
    })
    expect(answer.status).toBe(503)
    expect(server.bodies.used).toBe(0)
  })

  test('of which a body has its share until its backend has taken it, not until it has answered', async () => {
    const { server, upstream } = setUp({}, () => {})
    const client = new AbortController()
    const answer = server.post(body('primary', 8 * mebibyte), { signal: client.signal })
    await upstream.until(() => upstream.requests.length === 1)
    expect(server.bodies.used).toBe(0)
    client.abort()
    await expect(answer).rejects.toThrow()
  })

  test('and a client that leaves in the middle gives its share back', async () => {
    const { server } = setUp()
    const { socket } = beginPost(server.port, 8 * mebibyte, '{"model":"primary","x":"')
    while (server.bodies.used === 0) await Bun.sleep(1)
    socket.destroy()
    await server.logged(1)
    expect(server.bodies.used).toBe(0)
  })
})

describe('a body reaches its backend unchanged', () => {
  test('in pieces of any size', async () => {
    const { server, upstream } = setUp()
    const text = body('primary', 300_000)
    for (const size of [997, 20_000, 300_000]) {
      const stream = new ReadableStream({
        start(controller) {
          for (let at = 0; at < text.length; at += size) controller.enqueue(Buffer.from(text.slice(at, at + size)))
          controller.close()
        },
      })
      const answer = await fetch(`${server.url}/v1/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: stream,
      })
      expect(answer.status).toBe(200)
      expect(upstream.requests.at(-1)?.body === text).toBe(true)
    }
  })

  test('on a connection of its own, since it is sent only once; the next request uses that again', async () => {
    const { server, upstream } = setUp()
    for (const bytes of [1000, 8 * mebibyte, 1000]) {
      expect((await server.post(body('primary', bytes))).status).toBe(200)
    }
    expect(upstream.connections).toBe(2)
  })
})

test('while a body of a million keys is scanned, others are answered', async () => {
  const { server } = setUp()
  const keys = Array.from({ length: 1_000_000 }, (_, n) => `"k${n}":${n % 10}`)
  const large = server.post(`{${keys.join(',')},"model":"primary"}`)
  let answeredMeanwhile = 0
  let over = false
  void large.then(() => {
    over = true
  })
  while (!over) {
    await (await server.post({ model: 'primary' })).text()
    answeredMeanwhile++
  }
  expect((await large).status).toBe(200)
  expect(answeredMeanwhile).toBeGreaterThan(10)
})
