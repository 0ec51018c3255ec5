/** However a client writes and reads at its end of the wire, it gets the backend's bytes, and the backend gets the client's. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { RawClient } from '../../http/front/raw-client.ts'
import { FakeSlots } from '../support/fake-slots.ts'
import { MiniServer } from '../support/mini-server.ts'

const events = ': a comment\n\ndata: {"n":1}\n\ndata: ä😀\n\ndata: [DONE]\n\n'
/** Larger than all buffers between a client and its backend together. */
const large = Buffer.alloc(24 << 20, '0123456789abcde\n')
const manyHeaders = Object.fromEntries(Array.from({ length: 4000 }, (_, at) => [`x-${at}`, 'v']))

let backend: Server
let server: MiniServer
let origin = 0
const bodies: string[] = []

beforeAll(async () => {
  backend = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const body = Buffer.concat(parts).toString('utf8')
      bodies.push(body)
      const reply = String(request.headers['x-reply'])
      if (reply === 'events') {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        for (const event of events.split(/(?<=\n\n)/)) response.write(event)
        response.end()
      } else if (reply === 'large') {
        response.writeHead(200, { 'content-type': 'audio/wav' }).end(large)
      } else {
        response.writeHead(200, reply === 'headers' ? manyHeaders : {}).end(body)
      }
    })
  })
  await new Promise<void>((resolve) => {
    backend.listen(0, '127.0.0.1', () => resolve())
  })
  origin = (backend.address() as AddressInfo).port
  server = new MiniServer(new FakeSlots(`http://127.0.0.1:${origin}`))
})
afterAll(() => {
  server.stop()
  backend.close()
})

interface Ask {
  reply?: string
  version?: string
  headers?: string
  body?: string
}

const chat = '{"model":"primary"}'
const request = ({ reply = 'echo', version = '1.1', headers = '', body = chat }: Ask): string =>
  `POST /v1/chat/completions HTTP/${version}\r\nHost: localhost\r\nContent-Type: application/json\r\nX-Reply: ${reply}\r\n` +
  `Content-Length: ${Buffer.byteLength(body)}\r\n${headers}\r\n${Buffer.from(body).toString('latin1')}`
const last = 'Connection: close\r\n'

/** Bodies of the answers, without how they were framed. */
const bodiesIn = (text: string): string[] => {
  const found: string[] = []
  for (let rest = text; rest !== ''; ) {
    const end = rest.indexOf('\r\n\r\n')
    const head = rest.slice(0, end).toLowerCase()
    rest = rest.slice(end + 4)
    const length = /content-length: (\d+)/.exec(head)?.[1]
    let body = ''
    if (length !== undefined) {
      body = rest.slice(0, Number(length))
      rest = rest.slice(Number(length))
    } else if (head.includes('transfer-encoding: chunked')) {
      for (let size = 1; size > 0; ) {
        const line = rest.indexOf('\r\n')
        size = Number.parseInt(rest.slice(0, line), 16)
        body += rest.slice(line + 2, line + 2 + size)
        rest = rest.slice(line + 2 + size + 2)
      }
    } else {
      body = rest
      rest = ''
    }
    found.push(body)
  }
  return found
}

/** Writes `text` in pieces of `size` bytes, each in a turn of the event loop of its own. */
const writeSlowly = async (client: RawClient, text: string, size: number): Promise<void> => {
  for (let at = 0; at < text.length; at += size) {
    client.send(text.slice(at, at + size))
    await new Promise((resolve) => setImmediate(resolve))
  }
}

const at = {
  once: (text: string) => async (port: number) => {
    const client = await RawClient.open(port)
    return client.send(text).toEnd()
  },
  'byte by byte': (text: string) => async (port: number) => {
    const client = await RawClient.open(port)
    await writeSlowly(client, text, 1)
    return client.toEnd()
  },
  leisure: (text: string) => async (port: number) => {
    const client = await RawClient.open(port, false)
    client.send(text)
    while (!client.ended) {
      client.read()
      await new Promise((resolve) => setImmediate(resolve))
      client.pause()
      await new Promise((resolve) => setImmediate(resolve))
    }
    return client.text
  },
}

const long = `{"model":"primary","x":"${'ä'.repeat(1000)}"}`
const pipelined = request({}) + request({ reply: 'events' }) + request({ body: long, headers: last })
const ways: Record<string, { exchange: (port: number) => Promise<string>; answers: string[]; received: string[] }> = {
  'three requests in one go': {
    exchange: at.once(pipelined),
    answers: [chat, events, long],
    received: [chat, chat, long],
  },
  'three requests byte by byte': {
    exchange: at['byte by byte'](pipelined),
    answers: [chat, events, long],
    received: [chat, chat, long],
  },
  'HTTP/1.0, whose events last until the connection ends': {
    exchange: at.once(request({ reply: 'events', version: '1.0' })),
    answers: [events],
    received: [chat],
  },
  'a client that reads a large answer slowly': {
    exchange: at.leisure(request({ reply: 'large', headers: last })),
    answers: [large.toString('latin1')],
    received: [chat],
  },
}

for (const [what, { exchange, answers, received }] of Object.entries(ways)) {
  test(`directly and through hal0, the bytes are the same: ${what}`, async () => {
    for (const port of [origin, server.port]) {
      bodies.length = 0
      const got = bodiesIn(await exchange(port)).map((body) => Buffer.from(body, 'latin1'))
      // Compared as sums: a difference in megabytes would be printed.
      expect(got.map((body) => Bun.hash(body))).toEqual(answers.map((body) => Bun.hash(Buffer.from(body))))
      expect(bodies).toEqual(received)
    }
  })
}

test('a request with 4,000 headers is refused with 431 by hal0, and reaches no backend', async () => {
  bodies.length = 0
  const headers = Object.keys(manyHeaders)
    .map((name) => `${name}: v\r\n`)
    .join('')
  const text = await at.once(request({ headers: headers + last }))(server.port)
  expect(text.slice(0, 12)).toBe('HTTP/1.1 431')
  expect(bodies).toEqual([])
})

test('an answer with 4,000 headers is passed on with all of them', async () => {
  const text = await at.once(request({ reply: 'headers', headers: last }))(server.port)
  expect(text.match(/^x-\d+: v\r$/gm)).toHaveLength(4000)
  expect(bodiesIn(text)).toEqual([chat])
})
