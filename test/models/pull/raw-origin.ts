/** An HTTP server on a bare socket, so that it can say one thing and do another; and a plain client of it as an `Origin`. */
import { onTestFinished } from 'bun:test'
import type { Socket } from 'bun'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import type { Origin, OriginAnswer } from '../../../src/models/pull/origin/origin.ts'

export interface Asked {
  path: string
  /** null: no Range. */
  range: { from: number; to: number } | null
}

/** What a request gets: a head, the bytes after it, and what becomes of the connection then. */
export interface Reply {
  status: number
  headers: Record<string, string>
  /** Sent in chunked encoding; `headers` says nothing of the length then. */
  chunked?: boolean
  body: Uint8Array
  /** `keep`: ready for another request; `hang`: nothing ever comes; `reset` and `close` end it before the body is all there. */
  after: 'keep' | 'hang' | 'reset' | 'close'
  /** Bytes that are sent at a time, with a pause of a millisecond between them; all at once without it. */
  pieceBytes?: number
}

interface Connection {
  head: string
  /** What is to be sent yet. */
  queue: Buffer
  after: Reply['after'] | null
}

const answerTo = ({ status, headers, chunked, body }: Reply): Buffer => {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  if (chunked) lines.push('transfer-encoding: chunked\r\n')
  const head = Buffer.from(`HTTP/1.1 ${status} Status\r\n${lines.join('')}\r\n`)
  if (!chunked) return Buffer.concat([head, body])
  const size = Buffer.from(body.length === 0 ? '' : `${body.length.toString(16)}\r\n`)
  return Buffer.concat([head, size, body, Buffer.from(body.length === 0 ? '0\r\n\r\n' : '\r\n0\r\n\r\n')])
}

const parse = (head: string): Asked => {
  const range = /^range: bytes=(\d+)-(\d*)/im.exec(head)
  const path = decodeURIComponent(/^GET \/(\S*)/.exec(head)?.[1] ?? '')
  if (range === null) return { path, range: null }
  return {
    path,
    range: { from: Number(range[1]), to: range[2] === '' ? Number.POSITIVE_INFINITY : Number(range[2]) + 1 },
  }
}

export interface RawServer {
  url: string
  /** In the order they came. */
  asked: Asked[]
  /** Bytes of replies, heads included, that the system took. */
  sent: () => number
}

export const rawServer = (reply: (asked: Asked, no: number) => Reply): RawServer => {
  const asked: Asked[] = []
  let sent = 0
  const push = (socket: Socket<Connection>, longest: number): void => {
    const { data } = socket
    const took = Math.max(0, socket.write(data.queue.subarray(0, longest)))
    sent += took
    data.queue = data.queue.subarray(took)
    if (data.queue.length > 0 || data.after === null) return
    if (data.after === 'reset') socket.terminate()
    else if (data.after === 'close') socket.end()
    if (data.after !== 'hang') data.after = null
  }
  const paced = (socket: Socket<Connection>, pieceBytes: number): void => {
    push(socket, pieceBytes)
    if (socket.data.queue.length > 0 && socket.readyState > 0) setTimeout(() => paced(socket, pieceBytes), 1)
  }
  const server = Bun.listen<Connection>({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      open(socket) {
        socket.data = { head: '', queue: Buffer.alloc(0), after: null }
      },
      data(socket, chunk) {
        const { data } = socket
        data.head += chunk.toString('latin1')
        const end = data.head.indexOf('\r\n\r\n')
        if (end < 0) return
        const one = parse(data.head.slice(0, end))
        data.head = data.head.slice(end + 4)
        asked.push(one)
        const made = reply(one, asked.length)
        data.after = made.after
        data.queue = answerTo(made)
        if (made.pieceBytes === undefined) push(socket, data.queue.length)
        else paced(socket, made.pieceBytes)
      },
      drain(socket) {
        if (socket.data.after !== null) push(socket, socket.data.queue.length)
      },
    },
  })
  onTestFinished(() => server.stop(true))
  return { url: `http://127.0.0.1:${server.port}`, asked, sent: () => sent }
}

const numberOf = (text: string | null): number | null => (text === null ? null : Number(text))

/** The client that a pull has in the daemon is the hub's; this one follows nothing and hides nothing. */
export const originAt = (url: string): Origin => ({
  async open(path, from, to, signal): Promise<OriginAnswer> {
    const range = from === 0 && to === null ? {} : { range: `bytes=${from}-${to === null ? '' : to - 1}` }
    const init = { headers: { 'accept-encoding': 'identity', ...range }, signal, decompress: false, timeout: false }
    const response = await fetch(`${url}/${encodeURIComponent(path)}`, init as RequestInit)
    const { status, headers } = response
    if (status === 429) {
      await response.body?.cancel()
      const retryAfterS = Number(headers.get('retry-after') ?? '0')
      throw new Hal0Error('pull.rate_limited', 'Too many requests.', { retryAfterS })
    }
    const stated = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers.get('content-range') ?? '')
    return {
      status,
      contentRange:
        stated === null
          ? null
          : { from: Number(stated[1]), to: Number(stated[2]) + 1, size: stated[3] === '*' ? null : Number(stated[3]) },
      contentLength: numberOf(headers.get('content-length')),
      contentEncoding: headers.get('content-encoding'),
      etag: headers.get('etag'),
      body: response.body,
    }
  },
})
