/**
 * A stand-in for llama-server, for the benchmark only: it takes llama-server's `--host` and `--port`, answers like one with
 * a model loaded, and does no inference. A raw TCP server with answers made beforehand, so that it is never what limits the
 * figures; a streamed answer is sent one token a write, as an engine does: as fast as they are taken, or one every `pace_ms` where the
 * body asks for that.
 */
import type { Socket } from 'bun'

export const streamedTokens = 200
/** Tokens of a stream with a pace. */
const pacedTokens = 50

interface Connection {
  /** Bytes of a request that is not here whole yet. */
  pending: Buffer | null
  /** Bytes of a large body that are still to come; its beginning has told everything. */
  skip: number
  /** Tokens of the running stream that are still to be sent; 0: no stream. */
  tokensLeft: number
}

const headEnd = Buffer.from('\r\n\r\n')
const streamFlag = Buffer.from('"stream":true')
const paceOf = /"pace_ms":(\d+)/
/** What is asked for stands within the first bytes of a body. */
const tellingBytes = 4096

const answer = (json: unknown): Buffer => {
  const body = JSON.stringify(json)
  return Buffer.from(
    `HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${body.length}\r\nServer: stand-in\r\n\r\n${body}`,
  )
}
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`
const event = (json: unknown): string => chunk(`data: ${JSON.stringify(json)}\n\n`)

const usage = { prompt_tokens: 5, completion_tokens: 1, total_tokens: 6 }
const models = answer({ object: 'list', data: [{ id: 'stand-in', object: 'model', owned_by: 'bench' }] })
const completion = answer({
  id: 'cmpl-1',
  object: 'text_completion',
  model: 'stand-in',
  content: 'a',
  choices: [{ index: 0, text: 'a', message: { role: 'assistant', content: 'a' }, finish_reason: 'stop' }],
  usage,
})
const streamHead = Buffer.from(
  'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\nServer: stand-in\r\n\r\n',
)
const token = Buffer.from(
  event({
    id: 'cmpl-1',
    object: 'chat.completion.chunk',
    created: 1_700_000_000,
    model: 'stand-in',
    choices: [{ index: 0, delta: { content: ' word' }, finish_reason: null }],
  }),
)
const streamEnd = Buffer.from(
  `${event({ id: 'cmpl-1', object: 'chat.completion.chunk', choices: [], usage })}${chunk('data: [DONE]\n\n')}0\r\n\r\n`,
)

const streams = new Set<Socket<Connection>>()

/** One token for every stream, then a turn of the event loop: tokens reach the proxies one by one, not in one packet. */
const pump = (): void => {
  for (const socket of streams) {
    if (socket.data.tokensLeft > 0) {
      socket.data.tokensLeft--
      socket.write(token)
    } else {
      streams.delete(socket)
      socket.write(streamEnd)
    }
  }
  if (streams.size > 0) setImmediate(pump)
}

/** The first token at once, the others after a pause each. */
const sendPaced = (socket: Socket<Connection>, paceMs: number): void => {
  let left = pacedTokens
  const next = (): void => {
    if (left-- > 0) {
      socket.write(token)
      return
    }
    clearInterval(timer)
    socket.write(streamEnd)
  }
  const timer = setInterval(next, paceMs)
  next()
}

const reply = (socket: Socket<Connection>, head: string, body: Buffer): void => {
  if (head.startsWith('GET ')) {
    socket.write(models)
  } else if (body.includes(streamFlag)) {
    socket.write(streamHead)
    const pace = paceOf.exec(body.toString('latin1'))?.[1]
    if (pace !== undefined) {
      sendPaced(socket, Number(pace))
      return
    }
    socket.data.tokensLeft = streamedTokens
    streams.add(socket)
    if (streams.size === 1) setImmediate(pump)
  } else {
    socket.write(completion)
  }
}

const receive = (socket: Socket<Connection>, data: Buffer): void => {
  const skipped = Math.min(socket.data.skip, data.length)
  socket.data.skip -= skipped
  if (skipped > 0 && socket.data.skip === 0) socket.write(completion)
  const fresh = data.subarray(skipped)
  let rest = socket.data.pending === null ? Buffer.from(fresh) : Buffer.concat([socket.data.pending, fresh])
  socket.data.pending = null
  while (rest.length > 0) {
    const end = rest.indexOf(headEnd)
    if (end < 0) break
    const head = rest.toString('latin1', 0, end)
    const at = head.toLowerCase().indexOf('\r\ncontent-length:')
    const size = at < 0 ? 0 : Number.parseInt(head.slice(at + 17), 10)
    const total = end + 4 + size
    if (rest.length < total && rest.length - end > tellingBytes) {
      socket.data.skip = total - rest.length
      return
    }
    if (rest.length < total) break
    reply(socket, head, rest.subarray(end + 4, total))
    rest = rest.subarray(total)
  }
  if (rest.length > 0) socket.data.pending = rest
}

/** @returns the port it listens on */
export const startStandIn = (hostname: string, port: number): number => {
  const server = Bun.listen<Connection>({
    hostname,
    port,
    socket: {
      open(socket) {
        socket.data = { pending: null, skip: 0, tokensLeft: 0 }
      },
      data: receive,
      close(socket) {
        streams.delete(socket)
      },
      error(socket) {
        streams.delete(socket)
      },
    },
  })
  return server.port
}

if (import.meta.main) {
  const flag = (name: string): string | undefined => process.argv[process.argv.indexOf(name, 2) + 1]
  const has = (name: string): boolean => process.argv.includes(name)
  const port = startStandIn(
    has('--host') ? (flag('--host') ?? '127.0.0.1') : '127.0.0.1',
    has('--port') ? Number(flag('--port')) : 0,
  )
  process.stdout.write(`listening on ${port}\n`)
}
