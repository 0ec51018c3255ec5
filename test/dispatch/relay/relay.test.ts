import { afterEach, describe, expect, test } from 'bun:test'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import { crashed } from '../support/fake-slots.ts'
import { rawPost } from '../support/raw-client.ts'
import { chunk, jsonAnswer, type RawRequest, sse, streamEnd, streamHead } from '../support/raw-upstream.ts'
import { relayTo } from '../support/relay-to.ts'

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup()
})

const setUp = (answer: (request: RawRequest) => void) => relayTo(answer, cleanups)
const ask = { model: 'primary' }
const askStream = JSON.stringify({ model: 'primary', stream: true })

describe('an answer', () => {
  test('comes with its status and body unchanged, and the lease is released once', async () => {
    const { server, slots, upstream } = setUp(({ socket }) => socket.write(jsonAnswer('{"a": 1}')))
    const body = '{ "model" : "primary", "unknown": [1,2] }\n'
    const answer = await server.post(body)
    expect(answer.status).toBe(200)
    expect(await answer.text()).toBe('{"a": 1}')
    expect(upstream.requests[0]?.body).toBe(body)
    expect(slots.lastLease.released).toBe(1)
  })

  test("that is the backend's own error passes through unchanged", async () => {
    const text =
      '{"error":{"code":501,"message":"This server does not support embeddings.","type":"not_supported_error"}}'
    const { server } = setUp(({ socket }) => socket.write(jsonAnswer(text).replace('200 OK', '501 Not Implemented')))
    const answer = await server.post(ask, { path: '/v1/embeddings' })
    expect(answer.status).toBe(501)
    expect(await answer.text()).toBe(text)
    expect((await server.logged(1))[0]).toMatchObject({ outcome: 'error', status: 501, code: null })
  })

  test('is asked for with the key of the backend, in place of whatever the client sent', async () => {
    const { server, slots, upstream } = setUp(({ socket }) => socket.write(jsonAnswer('{}')))
    slots.key = 'key-of-the-load'
    await server.post(ask, { headers: { authorization: 'Bearer of-the-client', 'x-api-key': 'of-the-client' } })
    const credentials = upstream.requests[0]?.head
      .split('\r\n')
      .filter((line) => /^(authorization|x-api-key):/i.test(line))
    expect(credentials).toEqual(['authorization: Bearer key-of-the-load'])
  })

  test('that refuses the key is an error of the backend: the client would look for the fault in its own', async () => {
    const { server, slots } = setUp(({ socket }) =>
      socket.write(jsonAnswer('{"error":{"message":"Invalid API Key"}}').replace('200 OK', '401 Unauthorized')),
    )
    const answer = await server.post(ask)
    expect([answer.status, answer.headers.get('x-should-retry')]).toEqual([502, 'false'])
    expect(await answer.json()).toMatchObject({ error: { code: 'upstream.failed', details: { status: 401 } } })
    expect(slots.lastLease.released).toBe(1)
  })

  test('larger than what is collected arrives whole', async () => {
    const text = JSON.stringify({ x: 'y'.repeat(5 << 20) })
    const { server, slots } = setUp(({ socket }) => {
      const bytes = Buffer.from(jsonAnswer(text))
      let sent = socket.write(bytes)
      const more = () => {
        sent += Math.max(0, socket.write(bytes.subarray(sent)))
        if (sent < bytes.length) setImmediate(more)
      }
      more()
    })
    expect(await (await server.post(ask)).text()).toBe(text)
    await server.logged(1)
    expect(slots.lastLease.released).toBe(1)
  })

  test('of binary bytes is not re-encoded', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, value) => value)
    const { server } = setUp(({ socket }) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nTransfer-Encoding: chunked\r\n\r\n100\r\n`)
      socket.write(bytes)
      socket.write('\r\n0\r\n\r\n')
    })
    expect(new Uint8Array(await (await server.post(ask)).arrayBuffer())).toEqual(bytes)
  })

  test('reaches the client piece by piece, before the next piece is there', async () => {
    let upstreamSocket: RawRequest['socket'] | undefined
    const { server } = setUp(({ socket }) => {
      upstreamSocket = socket
      socket.write(streamHead + sse({ n: 1 }))
    })
    const reader = (await server.post(askStream)).body?.getReader()
    const text = async () => new TextDecoder().decode((await reader?.read())?.value)
    expect(await text()).toBe('data: {"n":1}\n\n')
    upstreamSocket?.write(sse({ n: 2 }))
    expect(await text()).toBe('data: {"n":2}\n\n')
    upstreamSocket?.write(streamEnd)
    expect(await text()).toBe('data: [DONE]\n\n')
    expect(await reader?.read()).toMatchObject({ done: true })
  })

  test('that has ended leaves its connection for the next request', async () => {
    const { server, upstream } = setUp(({ socket }) => socket.write(jsonAnswer('{}')))
    for (let request = 0; request < 5; request++) await (await server.post(ask)).text()
    expect(upstream.connections).toBe(1)
  })

  test('of another request is never mixed in when a backend sends more than it should', async () => {
    const { server, upstream } = setUp(({ socket }) => socket.write(jsonAnswer('{"n":1}') + jsonAnswer('{"stray":1}')))
    const texts = [await (await server.post(ask)).text(), await (await server.post(ask)).text()]
    expect(texts).toEqual(['{"n":1}', '{"n":1}'])
    expect(upstream.connections).toBe(2)
  })
})

describe('headers', () => {
  test('of the client reach the backend without credentials and without what concerns one connection', async () => {
    const { server, upstream } = setUp(({ socket }) => socket.write(jsonAnswer('{}')))
    await server.post(ask, {
      headers: {
        authorization: 'Bearer secret',
        cookie: 'secret=1',
        'x-api-key': 'secret',
        'api-key': 'secret',
        'proxy-authorization': 'secret',
        forwarded: 'for=secret',
        'x-forwarded-for': 'secret',
        te: 'secret',
        'x-named': 'secret',
        connection: 'keep-alive, X-Named',
        origin: 'http://secret',
        'x-kept': 'yes',
        'user-agent': 'test',
        'x-request-id': 'mine-1',
      },
    })
    const head = upstream.requests[0]?.head.toLowerCase() ?? ''
    expect(head).not.toContain('secret')
    expect(head.split('\r\n').sort()).toEqual([
      'accept: */*',
      'content-length: 19',
      'content-type: application/json',
      `host: ${upstream.origin.slice(7)}`,
      'post /v1/chat/completions http/1.1',
      'user-agent: test',
      'x-kept: yes',
      'x-request-id: mine-1',
    ])
  })

  test('that are not ASCII cannot become a line of their own', async () => {
    const { server, upstream } = setUp(({ socket }) => socket.write(jsonAnswer('{}')))
    const body = '{"model":"primary"}'
    await new Promise<void>((resolve, reject) => {
      Bun.connect({
        hostname: '127.0.0.1',
        port: server.port,
        socket: {
          open(socket) {
            const head = `POST /v1/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nX-A: `
            // U+010D and U+010A, whose low bytes are CR and LF.
            socket.write(Buffer.concat([Buffer.from(head), Buffer.from('čĊevil: 1'), Buffer.from(`\r\n\r\n${body}`)]))
          },
          data(socket) {
            socket.end()
            resolve()
          },
          error: (_socket, error) => reject(error),
        },
      }).catch(reject)
    })
    expect(upstream.requests[0]?.head.split('\r\n').filter((line) => line.startsWith('evil'))).toEqual([])
    expect(upstream.requests[0]?.body).toBe(body)
  })

  test('of the backend reach the client without cookies, CORS, server and what concerns one connection', async () => {
    const extra =
      'Set-Cookie: a=1\r\nAccess-Control-Allow-Origin: *\r\nServer: llama.cpp\r\nKeep-Alive: timeout=5\r\nX-Named: 1\r\nConnection: X-Named\r\nX-Kept: yes\r\nX-Request-Id: theirs\r\n'
    const { server } = setUp(({ socket }) => socket.write(jsonAnswer('{}', extra)))
    const answer = await server.post(ask, { headers: { 'x-request-id': 'mine-2' } })
    const names = [...answer.headers.keys()].filter((name) => name !== 'date')
    expect(names.sort()).toEqual(['content-length', 'content-type', 'x-added', 'x-kept', 'x-request-id'])
    expect(answer.headers.get('x-request-id')).toBe('mine-2')
  })

  test('of the backend that are invalid become upstream.failed', async () => {
    const { server, slots } = setUp(({ socket }) => socket.write(jsonAnswer('{}', 'bad name: 1\r\n')))
    const answer = await server.post(ask)
    expect(answer.status).toBe(502)
    expect(slots.lastLease.released).toBe(1)
  })

  test('of a request without a usable id get a short random one', async () => {
    const { server } = setUp(({ socket }) => socket.write(jsonAnswer('{}')))
    const ids = new Set<string | null>()
    for (const given of ['', 'x'.repeat(200), 'a b']) {
      ids.add((await server.post(ask, { headers: { 'x-request-id': given } })).headers.get('x-request-id'))
    }
    expect(ids.size).toBe(3)
    for (const id of ids) expect(id).toMatch(/^[0-9a-z]{12}$/)
  })
})

describe('a backend that dies', () => {
  test('before it answers becomes upstream.failed', async () => {
    const { server, slots } = setUp(({ socket }) => socket.terminate())
    const answer = await server.post(ask)
    expect(answer.status).toBe(502)
    expect(await answer.json()).toMatchObject({ error: { code: 'upstream.failed' } })
    expect(slots.lastLease.released).toBe(1)
  })

  test('before it answers becomes the error of its slot if the slot knows', async () => {
    const { server, slots } = setUp(({ socket }) => {
      slots.lastLease.death = crashed()
      socket.terminate()
    })
    expect(await (await server.post(ask)).json()).toMatchObject({ error: { code: 'slot.crashed' } })
  })

  test('within a small answer of known length becomes an error answer too', async () => {
    const { server } = setUp(({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"half')
      socket.end()
    })
    expect((await server.post(ask)).status).toBe(502)
  })

  for (const how of ['terminate', 'end'] as const) {
    test(`in a stream (${how}) breaks the stream of the client`, async () => {
      const { server, slots, upstream } = setUp(({ socket }) => socket.write(streamHead + sse({ n: 1 })))
      const { text, complete } = await rawPost(server.port, askStream, () => upstream.requests[0]?.socket[how]())
      expect(text).toContain('data: {"n":1}')
      expect(complete).toBe(false)
      expect((await server.logged(1))[0]).toMatchObject({ outcome: 'broken', status: 200, code: 'upstream.failed' })
      expect(slots.lastLease.released).toBe(1)
    })
  }

  test('in an answer that ends with its connection breaks it, since the slot knows of the death', async () => {
    for (const death of [crashed(), null]) {
      const { server, slots } = setUp(({ socket }) => {
        slots.lastLease.death = death
        socket.end('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n')
      })
      const { complete } = await rawPost(server.port, askStream)
      expect(complete).toBe(death === null)
      expect((await server.logged(1))[0]?.outcome).toBe(death === null ? 'ok' : 'broken')
    }
  })

  test('at the moment when an idle connection is reused costs the client nothing', async () => {
    const { server, upstream } = setUp(({ socket, nth }) => {
      if (nth === 1) socket.write(jsonAnswer('{}'))
      else socket.terminate()
    })
    expect((await server.post(ask)).status).toBe(200)
    expect((await server.post(ask)).status).toBe(200)
    expect(upstream.connections).toBe(2)
  })

  test('later, on a connection that was used before, may have done something: the request is not sent again', async () => {
    const { server, upstream } = setUp(({ socket, nth }) => {
      if (nth === 1) socket.write(jsonAnswer('{}'))
      else setTimeout(() => socket.terminate(), 150)
    })
    expect((await server.post(ask)).status).toBe(200)
    expect((await server.post(ask)).status).toBe(502)
    expect(upstream.requests.length).toBe(2)
  })

  test('and is no longer there becomes upstream.failed', async () => {
    const { server, upstream } = setUp(() => {})
    upstream.stop()
    expect((await server.post(ask)).status).toBe(502)
  })

  test('or does not speak HTTP becomes upstream.failed', async () => {
    const { server } = setUp(({ socket }) => socket.write('SSH-2.0-OpenSSH_9.2\r\n\r\n'))
    expect(await (await server.post(ask)).json()).toMatchObject({ error: { code: 'upstream.failed' } })
  })
})

describe('a slot that revokes its lease', () => {
  test('before the answer answers with its reason, and the backend sees a hang-up', async () => {
    const { server, slots, upstream } = setUp(() => {
      slots.lastLease.takeBack(new Hal0Error('slot.unloading', 'The slot is unloading.'))
    })
    const answer = await server.post(ask)
    expect(answer.status).toBe(503)
    expect(await answer.json()).toMatchObject({ error: { code: 'slot.unloading' } })
    await upstream.until(() => upstream.closed === 1)
    expect(slots.lastLease.released).toBe(1)
  })

  test('in a stream breaks it', async () => {
    const { server, slots } = setUp(({ socket }) => socket.write(streamHead + sse({ n: 1 })))
    const answer = rawPost(server.port, askStream, () => slots.lastLease.takeBack(crashed()))
    expect(await answer).toMatchObject({ complete: false })
    expect((await server.logged(1))[0]).toMatchObject({ outcome: 'broken', code: 'slot.crashed' })
    expect(slots.lastLease.released).toBe(1)
  })

  test('before the request was sent sends nothing', async () => {
    const { server, slots, upstream } = setUp(({ socket }) => socket.write(jsonAnswer('{}')))
    slots.onAcquire = async () => {
      const lease = slots.grant()
      lease.takeBack(crashed())
      return lease
    }
    expect(await (await server.post(ask)).json()).toMatchObject({ error: { code: 'slot.crashed' } })
    expect(upstream.requests.length).toBe(0)
    expect(slots.lastLease.released).toBe(1)
  })
})

describe('a client that hangs up', () => {
  test('before the answer makes the backend see a hang-up', async () => {
    const { server, slots, upstream } = setUp(() => {})
    const client = new AbortController()
    const answer = server.post(ask, { signal: client.signal })
    await upstream.until(() => upstream.requests.length === 1)
    client.abort()
    await expect(answer).rejects.toThrow()
    await upstream.until(() => upstream.closed === 1)
    expect((await server.logged(1))[0]).toMatchObject({ outcome: 'aborted', status: 499, slot: 'primary' })
    expect(slots.lastLease.released).toBe(1)
  })

  test('in a stream makes the backend see a hang-up', async () => {
    const { server, slots, upstream } = setUp(({ socket }) => socket.write(streamHead + sse({ n: 1 })))
    const client = new AbortController()
    const answer = await server.post(askStream, { signal: client.signal })
    await answer.body?.getReader().read()
    client.abort()
    await upstream.until(() => upstream.closed === 1)
    expect((await server.logged(1))[0]).toMatchObject({ outcome: 'aborted', status: 200, streamed: true })
    expect(slots.lastLease.released).toBe(1)
  })

  test('while it waits for a lease ends the wait', async () => {
    const { server, slots } = setUp(() => {})
    const waiting = Promise.withResolvers<void>()
    slots.onAcquire = ({ signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('the client left')))
        waiting.resolve()
      })
    const client = new AbortController()
    const answer = server.post(ask, { signal: client.signal })
    await waiting.promise
    client.abort()
    await expect(answer).rejects.toThrow()
    expect((await server.logged(1))[0]).toMatchObject({ outcome: 'aborted', wait_ms: null })
  })

  test('just as its lease is granted gives the lease back', async () => {
    const { server, slots, upstream } = setUp(({ socket }) => socket.write(jsonAnswer('{}')))
    const waiting = Promise.withResolvers<void>()
    slots.onAcquire = ({ signal }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve(slots.grant()))
        waiting.resolve()
      })
    const client = new AbortController()
    const answer = server.post(ask, { signal: client.signal })
    await waiting.promise
    client.abort()
    await expect(answer).rejects.toThrow()
    await server.logged(1)
    expect(slots.lastLease.released).toBe(1)
    expect(upstream.requests.length).toBe(0)
  })
})

describe('a backend that goes silent', () => {
  test('before it answers becomes upstream.timeout', async () => {
    const { server, slots, upstream } = setUp(() => {})
    slots.timeoutMs = 100
    const answer = await server.post(ask)
    expect(answer.status).toBe(504)
    expect(await answer.json()).toMatchObject({ error: { code: 'upstream.timeout' } })
    await upstream.until(() => upstream.closed === 1)
    expect(slots.lastLease.released).toBe(1)
  })

  test('in a stream breaks it', async () => {
    const { server, slots } = setUp(({ socket }) => socket.write(streamHead + sse({ n: 1 })))
    slots.timeoutMs = 100
    expect(await rawPost(server.port, askStream)).toMatchObject({ complete: false })
    expect((await server.logged(1))[0]).toMatchObject({ outcome: 'broken', code: 'upstream.timeout' })
  })

  test('is not one that sends a little all the time', async () => {
    const { server, slots } = setUp(({ socket }) => {
      socket.write(streamHead)
      let left = 12
      const timer = setInterval(() => {
        socket.write(left > 0 ? chunk(': ping\n\n') : streamEnd)
        if (left-- === 0) clearInterval(timer)
      }, 50)
    })
    slots.timeoutMs = 300
    expect((await (await server.post(askStream)).text()).endsWith('[DONE]\n\n')).toBe(true)
  })
})

test('a client that reads slowly slows the backend down', async () => {
  const piece = Buffer.from(chunk('x'.repeat(64 * 1024)))
  let sent = 0
  const blocked = Promise.withResolvers<void>()
  const { server } = setUp(({ socket }) => {
    socket.write(streamHead)
    const more = () => {
      for (let turn = 0; turn < 8; turn++) {
        const written = socket.write(piece)
        sent += Math.max(0, written)
        // A chunk that was cut is never completed here: only how much leaves counts.
        if (written < piece.length) return blocked.resolve()
      }
      if (sent < 256 << 20) setImmediate(more)
      else blocked.resolve()
    }
    more()
  })
  const client = new AbortController()
  const answer = await server.post(askStream, { signal: client.signal })
  await answer.body?.getReader().read()
  await blocked.promise
  expect(sent).toBeLessThan(64 << 20)
  client.abort()
})
