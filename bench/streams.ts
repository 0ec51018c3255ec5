/** Streams as clients read them: when the first token comes, and how far the tokens are apart. */
import type { Socket } from 'bun'
import { quantile } from './quantile.ts'

export interface StreamLoad {
  /** How many run at once. */
  streams: number
  /** How often each of them is asked for again on its connection. */
  turns: number
  /** Pause before each turn, milliseconds. */
  pauseMs: number
  /** Members of the request's body beside model and messages. */
  body: Record<string, unknown>
}

/** Milliseconds. */
export interface Spread {
  p50: number
  p99: number
}

export interface StreamFigures {
  /** From the request to the first token. */
  first: Spread
  /** From one token to the next. */
  between: Spread
}

const withinMs = 60_000
const event = Buffer.from('data: ')
const lastEvent = Buffer.from('data: [DONE]')

const spreadOf = (values: number[]): Spread => ({ p50: quantile(values, 0.5), p99: quantile(values, 0.99) })

const requestOf = (body: Record<string, unknown>): Buffer => {
  const messages = [{ role: 'user', content: 'Hello, how are you today?' }]
  const json = JSON.stringify({ model: 'primary', messages, stream: true, ...body })
  return Buffer.from(
    `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`,
  )
}

/** One client with a connection of its own. */
class Reader {
  #arrivals: number[] = []
  #ended = Promise.withResolvers<number[]>()
  #socket: Socket | null = null
  readonly #port: number

  constructor(port: number) {
    this.#port = port
  }

  /** @returns when the tokens of one stream came, milliseconds after the request; rejects when it fails or lasts too long */
  async read(request: Buffer): Promise<number[]> {
    this.#arrivals = []
    this.#ended = Promise.withResolvers()
    const timer = setTimeout(() => this.#ended.reject(new Error('a stream lasted too long')), withinMs)
    this.#socket ??= await this.#connect()
    const began = performance.now()
    this.#socket.write(request)
    try {
      return (await this.#ended.promise).map((at) => at - began)
    } finally {
      clearTimeout(timer)
    }
  }

  close(): void {
    this.#socket?.terminate()
  }

  #connect(): Promise<Socket> {
    return Bun.connect({
      hostname: '127.0.0.1',
      port: this.#port,
      socket: {
        data: (_socket, bytes) => {
          const now = performance.now()
          // What came together was read together: the gaps within are none.
          for (let at = bytes.indexOf(event); at >= 0; at = bytes.indexOf(event, at + 1)) this.#arrivals.push(now)
          if (bytes.includes(lastEvent)) this.#ended.resolve(this.#arrivals)
        },
        close: () => {
          this.#socket = null
          this.#ended.reject(new Error('a stream ended before its last event'))
        },
        error: (_socket, error) => this.#ended.reject(error),
      },
    })
  }
}

/** @throws when a stream fails: figures of errors would be worth nothing */
export const runStreams = async (
  port: number,
  { streams, turns, pauseMs, body }: StreamLoad,
): Promise<StreamFigures> => {
  const request = requestOf(body)
  const first: number[] = []
  const between: number[] = []
  const client = async (index: number): Promise<void> => {
    const reader = new Reader(port)
    try {
      for (let turn = 0; turn < turns; turn++) {
        // Clients do not ask in step.
        await Bun.sleep(pauseMs + (turn === 0 ? (index * 37) % 100 : 0))
        const arrivals = await reader.read(request)
        first.push(arrivals[0] ?? Number.NaN)
        for (let at = 1; at < arrivals.length; at++) between.push((arrivals[at] ?? 0) - (arrivals[at - 1] ?? 0))
      }
    } finally {
      reader.close()
    }
  }
  await Promise.all(Array.from({ length: streams }, (_, index) => client(index)))
  return { first: spreadOf(first), between: spreadOf(between) }
}
