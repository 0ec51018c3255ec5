/**
 * Server-sent events. A stream is a ReadableStream whose `cancel` ends the subscription: an async generator would hang at its `yield`
 * when a client leaves. Unread bytes wait in a bounded queue for each reader. A reader that stalls until its queue is full is cut
 * off; EventSource then reconnects with Last-Event-ID.
 */
import { Hal0Error } from '../../lib/hal0-error.ts'

export interface Frame {
  event?: string
  id?: number | string
  data: string
}

const encoder = new TextEncoder()
const lineBreak = /\r\n|\r|\n/

/** The bytes of one event. Line breaks in `data` become more data lines; elsewhere they could forge fields, so they throw. */
export const encodeFrame = ({ event, id, data }: Frame): Uint8Array => {
  if (lineBreak.test(`${event ?? ''}${id ?? ''}`)) throw new Error('the type or the id of an event holds a line break')
  const head = `${event === undefined ? '' : `event: ${event}\n`}${id === undefined ? '' : `id: ${id}\n`}`
  const lines = lineBreak.test(data) ? data.split(lineBreak).join('\ndata: ') : data
  return encoder.encode(`${head}data: ${lines}\n\n`)
}

/** A line that clients ignore. It shows proxies and readers that the stream is alive. */
const comment = encoder.encode(':\n\n')

export interface StreamLimits {
  /** Milliseconds between comments. */
  heartbeatMs: number
  /** Maximum number of simultaneous streams. */
  maxStreams: number
  /** Maximum number of bytes that one reader may be behind. */
  maxQueuedBytes: number
}

export const defaultStreamLimits: StreamLimits = { heartbeatMs: 15_000, maxStreams: 8192, maxQueuedBytes: 262_144 }

/** One reader. */
export class EventStream {
  /** Maximum number of queued bytes. */
  #limit = Number.POSITIVE_INFINITY
  readonly #onEnd: () => void
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null
  /** The reader has asked for more and not got anything yet. */
  #wanted = false
  #queue: Uint8Array[] = []
  #queuedBytes = 0
  #onDrained: (() => void)[] = []
  readonly body: ReadableStream<Uint8Array>

  /** @param onEnd called once, however the stream ends */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        pull: () => {
          this.#wanted = true
          this.#flush()
        },
        cancel: () => this.#end(),
      },
      // Only our own queue is used, so that its length is known.
      { highWaterMark: 0 },
    )
  }

  /** Queues `bytes`; a reader too far behind is cut off. */
  send(bytes: Uint8Array): void {
    if (this.#controller === null) return
    this.#queue.push(bytes)
    this.#queuedBytes += bytes.byteLength
    this.#flush()
    if (this.#queuedBytes <= this.#limit) return
    const controller = this.#controller
    this.#end()
    controller.error(new Error('the reader of an event stream stalled'))
  }

  /**
   * From now on the reader may be `bytes` behind, in addition to what is already queued. What a reconnecting client has missed is
   * bounded by the sender, and cutting the client off there would make it ask for the same again and again.
   */
  limitLag(bytes: number): void {
    this.#limit = this.#queuedBytes + bytes
  }

  /** Sends `bytes` unless the reader lags: for data that the next event replaces. */
  offer(bytes: Uint8Array): void {
    if (this.#queue.length === 0) this.send(bytes)
  }

  /** Resolves when the reader has taken everything that was queued, or has gone. */
  drained(): Promise<void> {
    if (this.#controller === null || this.#queue.length === 0) return Promise.resolve()
    return new Promise((resolve) => this.#onDrained.push(resolve))
  }

  close(): void {
    const controller = this.#controller
    if (controller === null) return
    this.#end()
    controller.close()
  }

  /** Closes the stream after the queued bytes, which still reach the reader. */
  finish(): void {
    const controller = this.#controller
    if (controller === null) return
    const rest = this.#queue
    this.#end()
    for (const bytes of rest) controller.enqueue(bytes)
    controller.close()
  }

  #flush(): void {
    if (!this.#wanted || this.#queue.length === 0 || this.#controller === null) return
    const [first] = this.#queue
    const all = this.#queue.length === 1 && first !== undefined ? first : new Uint8Array(Buffer.concat(this.#queue))
    this.#queue = []
    this.#queuedBytes = 0
    this.#wanted = false
    this.#controller.enqueue(all)
    this.#tellDrained()
  }

  #tellDrained(): void {
    const told = this.#onDrained
    this.#onDrained = []
    for (const tell of told) tell()
  }

  #end(): void {
    if (this.#controller === null) return
    this.#controller = null
    this.#queue = []
    this.#tellDrained()
    this.#onEnd()
  }
}

/** Every open event stream of the daemon. */
export class EventStreams {
  readonly #limits: StreamLimits
  readonly #open = new Set<EventStream>()
  #heartbeat: Timer | null = null

  constructor(limits: StreamLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#open.size
  }

  /**
   * Answers `request` with a stream.
   * @param attach starts feeding the stream and returns a function that stops it; if it throws, the error is the answer
   * @throws Hal0Error `stream.too_many`
   */
  open(request: Request, attach: (stream: EventStream) => () => void): Response {
    const headers = {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // nginx buffers answers by default.
      'x-accel-buffering': 'no',
    }
    if (request.method === 'HEAD') {
      // Attached for a moment, so that HEAD is refused if GET would be.
      attach(new EventStream(() => {}))()
      return new Response(null, { headers })
    }
    if (this.#open.size >= this.#limits.maxStreams) {
      throw new Hal0Error(
        'stream.too_many',
        `${this.#open.size} event streams are open, the most that hal0 serves. Close some dashboards and try again.`,
        { retryAfterS: 5 },
      )
    }
    let detach = (): void => {}
    const stream = new EventStream(() => {
      this.#open.delete(stream)
      if (this.#open.size === 0) this.#stopHeartbeat()
      detach()
    })
    // Sent at once, so that the client sees an open stream, although there may be no event for a long time.
    stream.send(comment)
    detach = attach(stream)
    stream.limitLag(this.#limits.maxQueuedBytes)
    this.#open.add(stream)
    this.#heartbeat ??= setInterval(() => {
      for (const each of this.#open) each.send(comment)
    }, this.#limits.heartbeatMs).unref()
    return new Response(stream.body, { headers })
  }

  /** Ends every stream: an open one would keep the server from stopping. */
  closeAll(): void {
    for (const stream of this.#open) stream.close()
  }

  #stopHeartbeat(): void {
    if (this.#heartbeat !== null) clearInterval(this.#heartbeat)
    this.#heartbeat = null
  }
}
