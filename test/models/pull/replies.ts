/** What an origin may answer, from honest to mad. */
import type { Asked, Reply } from './raw-origin.ts'

export const honest = (content: Uint8Array, { range }: Asked, etag = '"one"'): Reply => {
  const from = range?.from ?? 0
  const to = Math.min(range?.to ?? content.length, content.length)
  const body = content.subarray(from, to)
  const headers: Record<string, string> = { 'content-length': String(body.length), etag }
  if (range !== null) headers['content-range'] = `bytes ${from}-${to - 1}/${content.length}`
  return { status: range === null ? 200 : 206, headers, body, after: 'keep' }
}

const status = (code: number, headers: Record<string, string> = {}): Reply => ({
  status: code,
  headers: { 'content-length': '0', ...headers },
  body: new Uint8Array(),
  after: 'keep',
})

const withoutLength = (reply: Reply): Reply => {
  const { 'content-length': _, ...headers } = reply.headers
  return { ...reply, headers, chunked: true }
}

const cut = (reply: Reply, random: () => number): Uint8Array =>
  reply.body.subarray(0, Math.floor(random() * reply.body.length))

type Misdeed = (content: Uint8Array, asked: Asked, random: () => number) => Reply

/** By name; each is seen by at least some of the scripts. */
export const misdeeds = {
  'resets somewhere': (content, asked, random) => {
    const reply = honest(content, asked)
    return { ...reply, body: cut(reply, random), after: 'reset' }
  },
  'closes without a word': () => ({ status: 200, headers: {}, body: new Uint8Array(), after: 'reset' }),
  truncates: (content, asked, random) => {
    const reply = honest(content, asked)
    return { ...reply, body: cut(reply, random), after: 'close' }
  },
  'truncates without a length': (content, asked, random) => {
    const reply = withoutLength(honest(content, asked))
    return { ...reply, body: cut(reply, random) }
  },
  'sends too much': (content, asked, random) => {
    const reply = withoutLength(honest(content, asked))
    const more = Buffer.alloc(1 + Math.floor(random() * 100_000), 7)
    return { ...reply, body: Buffer.concat([reply.body, more]) }
  },
  'ignores Range': (content, asked) => honest(content, { ...asked, range: null }),
  'answers 416': (content) => status(416, { 'content-range': `bytes */${content.length}` }),
  'answers 500': () => status(500),
  'answers 503': () => status(503),
  'limits the rate': () => status(429, { 'retry-after': '0.02' }),
  'changes its ETag': (content, asked, random) => honest(content, asked, `"${random()}"`),
  'states another range': (content, asked, random) => {
    const reply = honest(content, asked)
    const from = Math.floor(random() * content.length)
    const to = Math.min(content.length, from + reply.body.length)
    return { ...reply, headers: { ...reply.headers, 'content-range': `bytes ${from}-${to - 1}/${content.length}` } }
  },
  'states another size': (content, asked) => {
    const reply = honest(content, asked)
    const stated = reply.headers['content-range']?.replace(/\d+$/, String(content.length + 1))
    return stated === undefined ? reply : { ...reply, headers: { ...reply.headers, 'content-range': stated } }
  },
  'states no range': (content, asked) => {
    const { 'content-range': _, ...headers } = honest(content, asked).headers
    return { ...honest(content, asked), headers }
  },
  'sends gzip': (content, asked) => {
    const body = Bun.gzipSync(Buffer.from(honest(content, asked).body))
    const range = honest(content, asked)
    const headers = { ...range.headers, 'content-length': String(body.length), 'content-encoding': 'gzip' }
    return { ...range, headers, body }
  },
  stalls: (content, asked, random) => {
    const reply = honest(content, asked)
    return { ...reply, body: cut(reply, random), after: 'hang' }
  },
  'sends other bytes': (content, asked, random) => {
    const reply = honest(content, asked)
    const body = Buffer.from(reply.body)
    const at = Math.floor(random() * body.length)
    if (body.length > 0) body[at] = (body[at] ?? 0) ^ 1
    return { ...reply, body }
  },
  'sends less than asked for': (content, asked, random) => {
    if (asked.range === null) return honest(content, asked)
    const { from } = asked.range
    const to = Math.min(asked.range.to, content.length)
    return honest(content, { ...asked, range: { from, to: from + 1 + Math.floor(random() * (to - from)) } })
  },
  'is slow': (content, asked) => ({ ...honest(content, asked), pieceBytes: 16_384 }),
} satisfies Record<string, Misdeed>

export type MisdeedName = keyof typeof misdeeds
export const misdeedNames = Object.keys(misdeeds) as MisdeedName[]
