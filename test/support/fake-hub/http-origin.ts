/** A small HTTP/1.1 server that gives control over every byte on the wire: real servers refuse to lie. GET and HEAD. */
import { createServer, type Server, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import type { Misbehaviour } from './misbehaviour.ts'

export interface OriginRequest {
  method: string
  /** With its query, as sent. */
  target: string
  headers: Headers
}

export interface OriginReply {
  status: number
  headers: Record<string, string>
  /** Given for HEAD too, since its length is sent. */
  body: Uint8Array
  misbehaviour?: Misbehaviour
}

/** Small enough for a reset, a stall or a rate to be exact. */
const pieceBytes = 64 * 1024

const parseHead = (text: string): OriginRequest => {
  const [first = '', ...lines] = text.split('\r\n')
  const [method = '', target = ''] = first.split(' ')
  const headers = new Headers()
  for (const line of lines) {
    const colon = line.indexOf(':')
    if (colon > 0) headers.append(line.slice(0, colon), line.slice(colon + 1).trim())
  }
  return { method, target, headers }
}

const write = (socket: Socket, bytes: Uint8Array | string): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.write(bytes, (error) => (error === null || error === undefined ? resolve() : reject(error)))
  })

/** @returns whether the connection can serve another request */
const sendBody = async (socket: Socket, body: Uint8Array, how: Misbehaviour): Promise<boolean> => {
  const { resetAfter, closeAfter, stall, bytesPerSecond } = how
  const end = Math.min(body.length, resetAfter ?? body.length, closeAfter ?? body.length)
  let stalled = stall === undefined || stall.after > end
  const begun = performance.now()
  for (let at = 0; at < end || !stalled; ) {
    if (!stalled && stall !== undefined && at >= stall.after) {
      stalled = true
      await Bun.sleep(stall.ms)
    }
    const piece = bytesPerSecond === undefined ? pieceBytes : Math.max(1, Math.floor(bytesPerSecond / 50))
    const to = Math.min(at + piece, end, !stalled && stall !== undefined ? stall.after : end)
    if (to > at) await write(socket, body.subarray(at, to))
    at = to
    if (bytesPerSecond !== undefined)
      await Bun.sleep(Math.max(0, begun + (at / bytesPerSecond) * 1000 - performance.now()))
  }
  if (resetAfter !== undefined && resetAfter <= end) {
    socket.resetAndDestroy()
    return false
  }
  if (closeAfter !== undefined && closeAfter < body.length) {
    socket.end()
    return false
  }
  return true
}

const send = async (socket: Socket, method: string, reply: OriginReply): Promise<boolean> => {
  const how = reply.misbehaviour ?? {}
  if (how.delayMs !== undefined) await Bun.sleep(how.delayMs)
  let { body } = reply
  const headers = new Headers(reply.headers)
  if (how.extraBytes !== undefined) body = Buffer.concat([body, Buffer.alloc(how.extraBytes, 'x')])
  if (how.gzip === true) {
    body = gzipSync(body)
    headers.set('content-encoding', 'gzip')
  }
  if (how.shortTo !== undefined) body = body.subarray(0, how.shortTo)
  headers.set('content-length', String(body.length))
  for (const [name, value] of Object.entries(how.headers ?? {})) {
    if (value === null) headers.delete(name)
    else headers.set(name, value)
  }
  const lines = [...headers].map(([name, value]) => `${name}: ${value}\r\n`)
  await write(socket, `HTTP/1.1 ${reply.status} ${reply.status < 400 ? 'OK' : 'Refused'}\r\n${lines.join('')}\r\n`)
  return method === 'HEAD' ? true : await sendBody(socket, body, how)
}

/** Listens on a free port of the loopback. */
export class HttpOrigin {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #url = ''

  constructor(answer: (request: OriginRequest) => OriginReply) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      // A client that stops reading is not an error of the server.
      socket.on('error', () => socket.destroy())
      socket.setNoDelay(true)
      let received = ''
      let busy = false
      const serve = async (): Promise<void> => {
        if (busy) return
        busy = true
        for (let end = received.indexOf('\r\n\r\n'); end >= 0; end = received.indexOf('\r\n\r\n')) {
          const request = parseHead(received.slice(0, end))
          received = received.slice(end + 4)
          if (!(await send(socket, request.method, answer(request)))) return
        }
        busy = false
      }
      socket.on('data', (chunk) => {
        received += chunk.toString('latin1')
        serve().catch(() => socket.destroy())
      })
    })
  }

  /** e.g. http://127.0.0.1:43211 */
  get url(): string {
    return this.#url
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(0, '127.0.0.1', resolve)
    })
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the fake hub has no port')
    this.#url = `http://127.0.0.1:${address.port}`
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }
}
