/** Sends one request to a backend and its answer to the client: the only place that touches a backend's answer. */
import { Hal0Error } from '../lib/hal0-error.ts'
import type { Lease } from '../slots/lease.ts'
import { answerHeaders, requestHead } from './headers.ts'
import { SilenceWatch, type Watched } from './silence.ts'
import type { Connection, Exchange } from './upstream/connection.ts'
import { ConnectionPool } from './upstream/pool.ts'
import type { ResponseHead } from './upstream/response-parser.ts'
import { StreamTail } from './usage.ts'

export interface RelayRequest {
  lease: Lease
  /** For sentences only. */
  slot: string
  /** Path at the backend. */
  path: string
  /** The client's. */
  headers: Headers
  body: Uint8Array
  requestId: string
  /** Aborts when the client hangs up. */
  gone: AbortSignal
}

/** How an answer ended that the client got at least the head of. Times are on the clock of `performance.now()`. */
export interface RelayReport {
  outcome: 'ok' | 'aborted' | 'broken'
  status: number
  /** Why it is broken. */
  error: Hal0Error | null
  /** Server-sent events. */
  streamed: boolean
  firstByteAt: number | null
  /** The last bytes of the body, 4 KiB or more; all of it when it was not streamed. */
  tail: Uint8Array
}

/** The client hung up before there was anything to send to it. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone'
}

/** Answers of a known length up to this are collected, so that a backend that dies within one still becomes an error answer. */
const collectBytes = 1024 * 1024
/** Pieces that may wait in a stream before the backend is told to wait. */
const queuedPieces = 8

/** Pieces as one, without a copy where there is but one. */
const joined = (parts: Buffer<ArrayBuffer>[]): Buffer<ArrayBuffer> =>
  parts.length === 1 ? (parts[0] as Buffer<ArrayBuffer>) : Buffer.concat(parts)

const pool = new ConnectionPool()
const silence = new SilenceWatch()

class RelayExchange implements Exchange, Watched, UnderlyingDefaultSource<Uint8Array> {
  lastProgress = performance.now()
  readonly timeoutMs: number
  readonly #request: RelayRequest
  readonly #answer: (response: Response) => void
  readonly #refuse: (error: Error) => void
  readonly #report: (report: RelayReport) => void
  #connection: Connection | null = null
  #mayRetry = false
  #head: ResponseHead | null = null
  #complete = false
  #parts: Buffer<ArrayBuffer>[] = []
  #stream: ReadableStreamDefaultController<Uint8Array> | null = null
  #tail: StreamTail | null = null
  #firstByteAt: number | null = null
  #over = false

  constructor(
    request: RelayRequest,
    answer: (response: Response) => void,
    refuse: (error: Error) => void,
    report: (report: RelayReport) => void,
  ) {
    this.#request = request
    this.#answer = answer
    this.#refuse = refuse
    this.#report = report
    this.timeoutMs = request.lease.timeoutMs
  }

  begin(): void {
    const { gone, lease } = this.#request
    if (gone.aborted) {
      this.#hungUp()
      return
    }
    if (lease.signal.aborted) {
      this.#takenBack()
      return
    }
    gone.addEventListener('abort', this.#hungUp)
    lease.signal.addEventListener('abort', this.#takenBack)
    silence.add(this)
    const idle = pool.take(lease.origin)
    if (idle === null) {
      this.#sendOnNew()
    } else {
      this.#mayRetry = true
      this.#send(idle)
    }
  }

  #sendOnNew(): void {
    this.#mayRetry = false
    pool.open(this.#request.lease.origin).then(
      (connection) => {
        if (this.#over) pool.give(connection)
        else this.#send(connection)
      },
      (error) => this.failed(error),
    )
  }

  #send(connection: Connection): void {
    const { path, lease, headers, body, requestId } = this.#request
    this.#connection = connection
    connection.send(requestHead(path, lease.origin, headers, body.length, requestId), body, this)
  }

  // What the connection tells.

  progress(): void {
    this.lastProgress = performance.now()
  }

  head(head: ResponseHead): void {
    this.#head = head
  }

  data(bytes: Buffer<ArrayBuffer>): void {
    this.#parts.push(bytes)
  }

  end(): void {
    this.#complete = true
  }

  settled(): void {
    const head = this.#head
    if (head === null || this.#over) return
    if (this.#stream !== null) this.#passOn(this.#stream)
    else if (this.#complete && !head.untilClose) this.#answerWhole(head)
    else if (head.length === null || head.length > collectBytes) this.#answerStream(head)
  }

  failed(cause: Error): void {
    if (this.#over) return
    // A backend may close an idle connection in the very moment of its reuse; nothing was processed then.
    if (this.#mayRetry && this.#connection?.unanswered === true) {
      this.#sendOnNew()
      return
    }
    const { lease, slot } = this.#request
    const error = new Hal0Error(
      'upstream.failed',
      `The backend of slot ${slot} broke the connection before its answer was complete. Try again; "hal0 slot logs ${slot}" shows what it printed.`,
      { details: { slot, cause: cause.message }, cause },
    )
    if (this.#stream !== null) {
      this.#break(error)
      return
    }
    lease.verdict().then(
      (verdict) => this.#break(verdict ?? error),
      (failure) => this.#break(Hal0Error.from(failure)),
    )
  }

  // What ends it from outside.

  readonly #hungUp = (): void => {
    if (this.#over) return
    this.#connection?.destroy()
    if (this.#stream === null) {
      this.#finish()
      this.#refuse(new ClientGone())
    } else {
      this.#finish('aborted')
    }
  }

  readonly #takenBack = (): void => {
    this.#connection?.destroy()
    this.#break(Hal0Error.from(this.#request.lease.signal.reason))
  }

  silent(): void {
    const { slot } = this.#request
    this.#connection?.destroy()
    this.#break(
      new Hal0Error(
        'upstream.timeout',
        `The backend of slot ${slot} was silent for ${this.timeoutMs / 1000} s. If its answers need longer, raise request_timeout_s of the slot.`,
        { details: { slot, timeout_s: this.timeoutMs / 1000 } },
      ),
    )
  }

  // The stream to the client.

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#stream = controller
  }

  pull(): void {
    this.#connection?.resume()
  }

  cancel(): void {
    this.#hungUp()
  }

  #answerWhole(head: ResponseHead): void {
    const body = joined(this.#parts)
    this.#firstByteAt = this.lastProgress
    if (this.#respond(head, head.status === 204 || head.status === 304 ? null : body)) this.#finish('ok', null, body)
  }

  #answerStream(head: ResponseHead): void {
    this.#tail = new StreamTail()
    if (!this.#respond(head, new ReadableStream(this, { highWaterMark: queuedPieces }))) return
    if (this.#stream !== null) this.#passOn(this.#stream)
  }

  #respond(head: ResponseHead, body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null): boolean {
    try {
      this.#answer(
        new Response(body, { status: head.status, headers: answerHeaders(head.headers, this.#request.requestId) }),
      )
      return true
    } catch (error) {
      this.#stream = null
      this.#connection?.destroy()
      this.failed(error instanceof Error ? error : new Error(String(error)))
      return false
    }
  }

  #passOn(stream: ReadableStreamDefaultController<Uint8Array>): void {
    if (this.#parts.length > 0) {
      const piece = joined(this.#parts)
      this.#parts = []
      this.#firstByteAt ??= this.lastProgress
      this.#tail?.add(piece)
      stream.enqueue(piece)
      if (!this.#complete && (stream.desiredSize ?? 0) <= 0) this.#connection?.pause()
    }
    if (this.#complete) this.#close(stream)
  }

  #close(stream: ReadableStreamDefaultController<Uint8Array>): void {
    if (this.#head?.untilClose !== true) {
      stream.close()
      this.#finish('ok')
      return
    }
    // The end of the connection is all that ends such an answer: only the slot knows whether the backend lives.
    this.#request.lease.verdict().then(
      (verdict) => {
        if (this.#over) return
        if (verdict === null) {
          stream.close()
          this.#finish('ok')
        } else {
          this.#break(verdict)
        }
      },
      (failure) => this.#break(Hal0Error.from(failure)),
    )
  }

  /** An error answer while that is possible; later the stream breaks, so that no client takes it for complete. */
  #break(error: Hal0Error): void {
    if (this.#over) return
    if (this.#stream === null) {
      this.#finish()
      this.#refuse(error)
    } else {
      this.#stream.error(error)
      this.#finish('broken', error)
    }
  }

  /** Everything that an end needs, once. @param outcome absent: the client got nothing, and the promise is rejected instead */
  #finish(outcome?: RelayReport['outcome'], error: Hal0Error | null = null, whole?: Uint8Array): void {
    if (this.#over) return
    this.#over = true
    const { gone, lease } = this.#request
    silence.remove(this)
    gone.removeEventListener('abort', this.#hungUp)
    lease.signal.removeEventListener('abort', this.#takenBack)
    if (this.#connection !== null) pool.give(this.#connection)
    lease.release()
    if (outcome === undefined) return
    this.#report({
      outcome,
      status: this.#head?.status ?? 0,
      error,
      streamed: this.#head?.headers['content-type']?.startsWith('text/event-stream') === true,
      firstByteAt: this.#firstByteAt,
      tail: whole ?? this.#tail?.bytes() ?? new Uint8Array(),
    })
  }
}

/**
 * The backend's answer, as soon as its head is here (of small answers: as soon as all is here). The lease is released exactly
 * once, when the answer has ended in whatever way.
 * @param report called once at the end of an answer that was begun
 * @throws Hal0Error `upstream.failed`, `upstream.timeout`, or what the slot says about its backend; ClientGone
 */
export const relay = (request: RelayRequest, report: (report: RelayReport) => void): Promise<Response> =>
  new Promise((answer, refuse) => {
    new RelayExchange(request, answer, refuse, report).begin()
  })
