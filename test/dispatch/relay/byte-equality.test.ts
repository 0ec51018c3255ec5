/** What a backend answers directly and through hal0 is the same, to the byte; and so is what it gets. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { FakeSlots } from '../support/fake-slots.ts'
import { MiniServer } from '../support/mini-server.ts'

const mebibyte = 1 << 20
const sumOf = (bytes: Uint8Array): string => new Bun.CryptoHasher('sha256').update(bytes).digest('hex')

/** Bytes in which a piece that is lost, doubled or moved shows. */
const numbered = (bytes: number): Buffer => {
  const content = Buffer.alloc(bytes)
  for (let at = 0; at + 4 <= bytes; at += 4) content.writeUInt32LE(at, at)
  return content
}

const events = Buffer.from(
  'event: one\r\ndata: {"n":1}\r\n\r\n: a comment\n\ndata: a\ndata: b\nid: 7\n\ndata: ä😀\n\ndata: [DONE]\n\n',
)
const zipped = gzipSync(numbered(3 * mebibyte))

/** How a body is sent. `whole`: with its length; `chunked`: in pieces of this size; `until the end`: of the connection. */
type Framing = 'whole' | number | 'until the end'
interface Reply {
  headers: Record<string, string>
  body: Buffer
  framing: Framing
}
const json = { 'content-type': 'application/json' }
const sse = { 'content-type': 'text/event-stream' }
const replies: Record<string, Reply> = {
  'an empty body': { headers: json, body: Buffer.alloc(0), framing: 'whole' },
  '1 MiB with its length': { headers: json, body: numbered(mebibyte), framing: 'whole' },
  '1 MiB and a byte in chunks': { headers: json, body: numbered(mebibyte + 1), framing: 10_007 },
  '30 MiB with its length': { headers: json, body: numbered(30 * mebibyte), framing: 'whole' },
  '30 MiB in chunks': { headers: json, body: numbered(30 * mebibyte), framing: 100_003 },
  '2 MiB that end with the connection': { headers: json, body: numbered(2 * mebibyte), framing: 'until the end' },
  'a compressed body with its length': {
    headers: { ...json, 'content-encoding': 'gzip' },
    body: zipped,
    framing: 'whole',
  },
  'a compressed body in chunks': { headers: { ...json, 'content-encoding': 'gzip' }, body: zipped, framing: 4096 },
  'events at once': { headers: sse, body: events, framing: 1000 },
  'events byte by byte': { headers: sse, body: events, framing: 1 },
  sound: { headers: { 'content-type': 'audio/mpeg' }, body: numbered(500_000), framing: 8192 },
}

const send = async (response: ServerResponse, { headers, body, framing }: Reply): Promise<void> => {
  if (framing === 'whole') {
    response.writeHead(200, { ...headers, 'content-length': body.length }).end(body)
    return
  }
  if (framing === 'until the end') {
    response.socket?.end(
      Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n`), body]),
    )
    return
  }
  response.writeHead(200, headers)
  for (let at = 0; at < body.length; at += framing) {
    const room = response.write(body.subarray(at, at + framing))
    if (!room) await new Promise((resolve) => response.once('drain', resolve))
  }
  response.end()
}

let backend: Server
let server: MiniServer
let origin = ''
const received: { url: string; headers: IncomingMessage['headers']; sum: string; bytes: number }[] = []

beforeAll(async () => {
  backend = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const body = Buffer.concat(parts)
      received.push({ url: request.url ?? '', headers: request.headers, sum: sumOf(body), bytes: body.length })
      const wanted = replies[String(request.headers['x-reply'] ?? '')]
      void send(response, wanted ?? { headers: json, body: Buffer.from('{}'), framing: 'whole' })
    })
  })
  await new Promise<void>((resolve) => {
    backend.listen(0, '127.0.0.1', () => resolve())
  })
  origin = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`
  server = new MiniServer(new FakeSlots(origin))
})
afterAll(() => {
  server.stop()
  backend.close()
})

const chat = '/v1/chat/completions'
const ask = async (base: string, reply: string) => {
  const response = await fetch(`${base}${chat}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-reply': reply },
    body: '{"model":"primary"}',
    decompress: false,
  })
  const bytes = await response.bytes()
  const { status, headers } = response
  return {
    status,
    type: headers.get('content-type'),
    encoding: headers.get('content-encoding'),
    length: headers.get('content-length'),
    bytes: bytes.length,
    sum: sumOf(bytes),
  }
}

describe('an answer is the same through hal0:', () => {
  for (const reply of Object.keys(replies)) {
    test(reply, async () => {
      const direct = await ask(origin, reply)
      expect(direct.sum).toBe(sumOf(replies[reply]?.body ?? Buffer.alloc(0)))
      // A small answer in chunks may be passed on with its length: how it is framed concerns one connection.
      const { length, ...same } = direct
      expect(await ask(server.url, reply)).toMatchObject(length === null ? same : direct)
    })
  }
})

describe('a body is the same at the backend:', () => {
  for (const size of [100, mebibyte, 30 * mebibyte]) {
    const frame = '{"model":"primary","x":""}'
    const text = frame.replace('""', `"${'ab\\n'.repeat(Math.ceil((size - frame.length) / 4))}"`)
    for (const framing of ['with its length', 'in chunks'] as const) {
      test(`${size} bytes ${framing}`, async () => {
        const body = framing === 'in chunks' ? new Blob([text]).stream() : text
        const response = await fetch(`${server.url}${chat}`, { method: 'POST', headers: json, body })
        expect(response.status).toBe(200)
        const got = received.at(-1)
        expect([got?.bytes, got?.sum]).toEqual([text.length, sumOf(Buffer.from(text))])
        expect(got?.headers['transfer-encoding']).toBeUndefined()
      })
    }
  }
})

/** Sends raw bytes, and the body once the server asks for it. @returns everything that came until the connection ended */
const exchange = async (head: string, body = ''): Promise<string> => {
  let text = ''
  let asked = false
  const closed = Promise.withResolvers<void>()
  await Bun.connect({
    hostname: '127.0.0.1',
    port: server.port,
    socket: {
      open: (socket) => void socket.write(`${head}\r\nconnection: close\r\n\r\n`),
      data(socket, bytes) {
        text += bytes.toString('latin1')
        if (asked || !text.startsWith('HTTP/1.1 100 Continue\r\n\r\n')) return
        asked = true
        socket.write(body)
      },
      close: () => closed.resolve(),
      error: () => closed.resolve(),
    },
  })
  await closed.promise
  return text
}

const body = '{"model":"primary"}'
const typed = `host: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}`

test('a client that expects 100 Continue is told to go on, and the backend hears nothing of that', async () => {
  const text = await exchange(`POST ${chat} HTTP/1.1\r\n${typed}\r\nexpect: 100-continue`, body)
  expect(text).toStartWith('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n')
  expect(text).toEndWith('\r\n\r\n{}')
  expect(received.at(-1)?.headers.expect).toBeUndefined()
  expect(received.at(-1)?.bytes).toBe(body.length)
})

test('a target in absolute form reaches the backend by its path, and the host in it is not passed on', async () => {
  const text = await exchange(`POST http://other.example:99${chat}?key=secret HTTP/1.1\r\n${typed}\r\n\r\n${body}`)
  expect(text).toStartWith('HTTP/1.1 200 OK\r\n')
  expect(received.at(-1)?.url).toBe(chat)
  expect(received.at(-1)?.headers.host).toBe(origin.slice('http://'.length))
})

test('HEAD of an endpoint has the head of GET and no body, and the next request on the connection is answered', async () => {
  const head = `HEAD /v1/audio/voices?model=primary HTTP/1.1\r\nhost: localhost\r\n\r\n`
  const text = await exchange(`${head}GET /v1/audio/voices?model=primary HTTP/1.1\r\nhost: localhost`)
  const [first = '', second = '', rest = ''] = text.split('\r\n\r\n')
  expect([first, second].map((each) => each.split('\r\n')[0])).toEqual(['HTTP/1.1 200 OK', 'HTTP/1.1 200 OK'])
  expect([first, second].map((each) => /content-length: (\d+)/.exec(each)?.[1])).toEqual(['2', '2'])
  expect(rest).toBe('{}')
})
