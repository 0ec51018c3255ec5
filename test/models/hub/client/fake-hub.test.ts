/** Each misbehaviour of the fake hub, checked as bytes on the wire: what its scripts promise to other tests. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test'
import { connect } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { FakeHub } from '../../../support/fake-hub/fake-hub.ts'
import type { Misbehaviour, ScriptedRequest } from '../../../support/fake-hub/misbehaviour.ts'

const content = Uint8Array.from({ length: 200_000 }, (_, index) => (index * 13 + (index >> 8)) & 0xff)
let hub: FakeHub
beforeAll(async () => {
  hub = await FakeHub.start({ repos: [{ id: 'acme/tiny', files: [{ path: 'a.gguf', content }] }] })
})
afterAll(() => hub.stop())
beforeEach(() => {
  hub.behave = () => null
  hub.rateLimit = null
})

interface Seen {
  status: number
  headers: Headers
  body: Uint8Array
  /** How the connection ended; kept: it was still open for the next request after the promised bytes. */
  end: 'kept' | 'closed' | 'reset'
}

/** A raw GET: nothing is followed, decoded or tolerated. */
const get = (url: string, headers: Record<string, string> = {}): Promise<Seen> =>
  new Promise((resolve) => {
    const { hostname, port, pathname, search } = new URL(url)
    const chunks: Buffer[] = []
    const done = (end: Seen['end']) => {
      socket.destroy()
      const all = Buffer.concat(chunks)
      const at = all.indexOf('\r\n\r\n')
      const [first = '', ...lines] = all.subarray(0, at).toString('latin1').split('\r\n')
      const fields = lines.map((line): [string, string] => [
        line.slice(0, line.indexOf(':')),
        line.slice(line.indexOf(':') + 1),
      ])
      resolve({ status: Number(first.split(' ')[1]), headers: new Headers(fields), body: all.subarray(at + 4), end })
    }
    const socket = connect(Number(port), hostname, () => {
      const lines = Object.entries({ host: `${hostname}:${port}`, ...headers }).map(
        ([name, value]) => `${name}: ${value}\r\n`,
      )
      socket.write(`GET ${pathname}${search} HTTP/1.1\r\n${lines.join('')}\r\n`)
    })
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      const all = Buffer.concat(chunks)
      const at = all.indexOf('\r\n\r\n')
      const length = /content-length: (\d+)/i.exec(all.subarray(0, Math.max(at, 0)).toString('latin1'))?.[1]
      if (at >= 0 && length !== undefined && all.length >= at + 4 + Number(length)) done('kept')
    })
    socket.on('end', () => done('closed'))
    socket.on('error', () => done('reset'))
  })

const fileUrl = () => `${hub.url}/acme/tiny/resolve/main/a.gguf`
const storageUrl = async () => (await get(fileUrl())).headers.get('location') ?? ''
/** The storage's answer to bytes=1000-1999 under a script. */
const range = async (misbehaviour: Misbehaviour): Promise<Seen> => {
  const url = await storageUrl()
  hub.behave = ({ kind }) => (kind === 'cdn' ? misbehaviour : null)
  return await get(url, { range: 'bytes=1000-1999' })
}
const asked = content.slice(1000, 2000)
const bytes = (body: Uint8Array) => new Uint8Array(body)

test('without a script a range is 206 and correct', async () => {
  const seen = await range({})
  expect([seen.status, seen.headers.get('content-range'), seen.end]).toEqual([206, 'bytes 1000-1999/200000', 'kept'])
  expect(bytes(seen.body)).toEqual(asked)
})

test('a reset comes after the given number of bytes, as RST', async () => {
  const seen = await range({ resetAfter: 300 })
  expect([seen.headers.get('content-length'), seen.body.length, seen.end]).toEqual(['1000', 300, 'reset'])
})

test('an orderly close comes after the given number of bytes, although more were promised', async () => {
  const seen = await range({ closeAfter: 300 })
  expect([seen.headers.get('content-length'), seen.body.length, seen.end]).toEqual(['1000', 300, 'closed'])
})

test('a short answer announces only what it sends', async () => {
  const seen = await range({ shortTo: 300 })
  expect([seen.headers.get('content-length'), seen.body.length, seen.end]).toEqual(['300', 300, 'kept'])
  expect(seen.headers.get('content-range')).toBe('bytes 1000-1999/200000')
})

test('an ignored Range is 200 with the whole file', async () => {
  const seen = await range({ ignoreRange: true })
  expect([seen.status, seen.headers.has('content-range')]).toEqual([200, false])
  expect(bytes(seen.body)).toEqual(content)
})

test('a Content-Range can be wrong', async () => {
  const seen = await range({ contentRange: 'bytes 0-999/200000' })
  expect(seen.headers.get('content-range')).toBe('bytes 0-999/200000')
  expect(bytes(seen.body)).toEqual(asked)
})

test('the bytes can be from another position', async () => {
  expect(bytes((await range({ shiftBytes: 7 })).body)).toEqual(content.slice(1007, 2007))
})

test('416 has the size', async () => {
  const seen = await range({ notSatisfiable: true })
  expect([seen.status, seen.headers.get('content-range'), seen.body.length]).toEqual([416, 'bytes */200000', 0])
})

test('an ETag can differ, both from the storage and from the hub itself', async () => {
  expect((await range({ etag: 'other' })).headers.get('etag')).toBe('"other"')
  hub.behave = () => ({ etag: 'other' })
  expect((await get(fileUrl())).headers.get('x-linked-etag')).toBe('"other"')
})

test('exactly one byte can be wrong', async () => {
  const seen = await range({ corruptAt: 1500 })
  expect([...seen.body].flatMap((byte, at) => (byte === asked[at] ? [] : [at]))).toEqual([500])
})

test('more bytes can come than were requested', async () => {
  const seen = await range({ extraBytes: 5 })
  expect([seen.headers.get('content-length'), bytes(seen.body.subarray(0, 1000))]).toEqual(['1005', asked])
})

test('a body can be compressed', async () => {
  const seen = await range({ gzip: true })
  expect(seen.headers.get('content-encoding')).toBe('gzip')
  expect(new Uint8Array(gunzipSync(seen.body))).toEqual(asked)
})

test('silence, a rate limit and a delay take time and change no byte', async () => {
  for (const slow of [{ stall: { after: 500, ms: 60 } }, { bytesPerSecond: 15_000 }, { delayMs: 60 }]) {
    const begun = performance.now()
    const seen = await range(slow)
    expect(performance.now() - begun).toBeGreaterThan(55)
    expect(bytes(seen.body)).toEqual(asked)
  }
})

test('any status is possible, with any headers', async () => {
  const seen = await range({ status: 503, headers: { 'retry-after': '3' } })
  expect([seen.status, seen.headers.get('retry-after')]).toEqual([503, '3'])
})

test('a script knows what is requested, and how often it was before', async () => {
  const url = await storageUrl()
  const requests: ScriptedRequest[] = []
  hub.behave = (request) => {
    requests.push(request)
    return null
  }
  await get(url, { range: 'bytes=5-' })
  await get(url)
  await get(`${hub.url}/api/models/acme/tiny/tree/main`)
  const [first, second, third] = requests
  expect(first).toMatchObject({ kind: 'cdn', path: 'a.gguf', range: 'bytes=5-' })
  expect(second).toMatchObject({ kind: 'cdn', range: null, attempt: (first?.attempt ?? 0) + 1 })
  expect(third).toMatchObject({ kind: 'api', path: '/api/models/acme/tiny/tree/main', attempt: 1 })
})

test('the storage refuses an address that has expired, was changed, or comes with the hub’s token', async () => {
  const url = await storageUrl()
  expect((await get(url)).status).toBe(200)
  expect((await get(url.replace(/Signature=./, 'Signature=_'))).status).toBe(403)
  expect((await get(url, { authorization: 'Bearer hf_x' })).status).toBe(400)
  hub.storage.expireAll()
  expect((await get(url)).status).toBe(403)
})

test('the rate limit counts down, and says when its window ends', async () => {
  hub.rateLimit = { left: 1, resetS: 172 }
  expect((await get(fileUrl())).status).toBe(302)
  const seen = await get(fileUrl())
  expect([seen.status, seen.headers.get('ratelimit')?.trim()]).toEqual([429, '"resolvers";r=0;t=172'])
})

test('a new commit leaves the old one unchanged', async () => {
  const repo = hub.repos.get('acme/tiny')
  const before = repo?.resolve('main') ?? ''
  repo?.commit([{ path: 'a.gguf', content: content.slice(1) }])
  const size = async (revision: string) =>
    (await get(`${hub.url}/acme/tiny/resolve/${revision}/a.gguf`)).headers.get('x-linked-size')?.trim()
  expect([await size('main'), await size(before)]).toEqual(['199999', '200000'])
  repo?.commit([{ path: 'a.gguf', content }])
})
