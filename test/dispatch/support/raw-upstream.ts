/** A backend that writes raw bytes, so that it can die, stall and lie in the middle of an answer. */
import type { Socket, TCPSocketListener } from 'bun'

export interface RawRequest {
  head: string
  body: string
  socket: Socket<Peer>
  /** How many requests this connection has carried, this one included. */
  nth: number
}

interface Peer {
  received: Buffer
  requests: number
}

export class RawUpstream {
  readonly requests: RawRequest[] = []
  connections = 0
  closed = 0
  readonly #waiting = new Set<() => void>()
  readonly #listener: TCPSocketListener<Peer>

  constructor(answer: (request: RawRequest) => void) {
    this.#listener = Bun.listen<Peer>({
      hostname: '127.0.0.1',
      port: 0,
      socket: {
        open: (socket) => {
          this.connections++
          socket.data = { received: Buffer.alloc(0), requests: 0 }
        },
        data: (socket, bytes) => {
          const peer = socket.data
          peer.received = Buffer.concat([peer.received, bytes])
          for (;;) {
            const end = peer.received.indexOf('\r\n\r\n')
            if (end < 0) return
            const head = peer.received.toString('latin1', 0, end)
            const size = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
            if (peer.received.length < end + 4 + size) return
            const body = peer.received.toString('utf8', end + 4, end + 4 + size)
            peer.received = peer.received.subarray(end + 4 + size)
            const request = { head, body, socket, nth: ++peer.requests }
            this.requests.push(request)
            answer(request)
            this.#changed()
          }
        },
        close: () => {
          this.closed++
          this.#changed()
        },
        error: () => {},
      },
    })
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#listener.port}`
  }

  /** Resolves once `condition` holds; it is checked whenever a request arrives or a connection ends. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve)
      })
    }
  }

  stop(): void {
    this.#listener.stop(true)
  }

  #changed(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}

export const jsonAnswer = (body: string, extra = ''): string =>
  `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${extra}\r\n${body}`

export const streamHead = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n'

export const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`

export const sse = (json: unknown): string => chunk(`data: ${JSON.stringify(json)}\n\n`)

export const streamEnd = `${chunk('data: [DONE]\n\n')}0\r\n\r\n`
