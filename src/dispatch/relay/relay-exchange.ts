/** One request at a backend, from the lease to the end of the answer: the only place that touches a backend's answer. */
import { Hal0Error } from '../../lib/hal0-error.ts'
import type { DialectRules } from '../dialects/dialect.ts'
import { dialects } from '../dialects/dialects.ts'
import { translationTo } from '../dialects/translation.ts'
import type { AnswerEnds } from '../dialects/usage.ts'
import { upstreamFailed, upstreamRefused, upstreamTimeout } from '../upstream/errors.ts'
import type { ResponseHead } from '../upstream/response-head.ts'
import type { Delivery, Exchange } from '../upstream/upstream.ts'
import { AnswerStream, isEventStream, joined } from './answer-stream.ts'
import { FlightWatch, type Watched } from './flight-watch.ts'
import { answerHeaders, requestHead } from './headers.ts'
import { ClientGone, type RelayReport, type RelayRequest } from './relay-request.ts'

/** Answers of a known length up to this are collected, so that a backend that dies within one still becomes an error answer. */
const collectBytes = 1024 * 1024

const flight = new FlightWatch()

/** Ends every request that is at a backend: with `error` as its answer, or as the last event of its stream. */
export const stopExchanges = (error: Hal0Error): void => flight.stopAll(error)

const nothing = Buffer.alloc(0)
const empty: AnswerEnds = { start: nothing, end: nothing }

export class RelayExchange implements Exchange, Watched {
  place = -1
  lastProgress = performance.now()
  readonly timeoutMs: number
  readonly #request: RelayRequest
  readonly #answered: () => void
  readonly #refuse: (error: Error) => void
  readonly #report: (report: RelayReport) => void
  readonly #dialect: DialectRules
  readonly #delivery: Delivery
  #head: ResponseHead | null = null
  #parts: Buffer[] = []
  #complete = false
  #stream: AnswerStream | null = null
  #firstByteAt: number | null = null
  /** Aborts when the client hangs up; null until the request lasts. */
  #gone: AbortSignal | null = null
  /** The client hung up, and the backend finishes its work for nobody. */
  #unheard = false
  #over = false

  constructor(
    request: RelayRequest,
    answered: () => void,
    refuse: (error: Error) => void,
    report: (report: RelayReport) => void,
  ) {
    this.#request = request
    this.#answered = answered
    this.#refuse = refuse
    this.#report = report
    this.timeoutMs = request.lease.timeoutMs
    const { endpoint, target, lease, body } = request
    this.#dialect = dialects[endpoint.dialect]
    this.#delivery = target.upstream.deliver({ origin: lease.origin, head: requestHead(request), body }, this)
  }

  begin(): void {
    const { lease } = this.#request
    if (lease.lost !== null) this.#takenBack(lease.lost)
    else lease.onLost = this.#takenBack
    if (this.#over) return
    flight.add(this)
    this.#delivery.begin()
  }

  // Events of the connection.

  progress(): void {
    this.lastProgress = performance.now()
  }

  sent(): void {
    this.#request.bodySent()
  }

  head(head: ResponseHead): void {
    this.#head = head
  }

  data(bytes: Buffer): void {
    this.#parts.push(bytes)
  }

  end(): void {
    this.#complete = true
  }

  settled(): void {
    this.#request.lease.heardAt = this.lastProgress
    const head = this.#head
    if (head === null || this.#over) return
    if (this.#stream !== null) this.#passOn(this.#stream)
    // The client's own credentials never reach a backend, so it does not refuse them, but hal0's.
    else if (head.status === 401) this.stop(upstreamRefused(this.#request.target))
    else if (this.#complete && head.framing !== 'until-close') this.#answerWhole(head)
    else if (head.length === null || head.length > collectBytes) this.#answerStream(head)
  }

  failed(cause: Error): void {
    if (this.#over) return
    if (this.#delivery.again()) return
    const error = upstreamFailed(this.#request.target, cause)
    if (this.#stream !== null) this.#break(error)
    else this.#afterVerdict((verdict) => this.#break(verdict ?? error))
  }

  // Ends from outside.

  readonly cancelled = (): void => {
    if (this.#over) return
    // A kept stream goes on anyway, and as long as it is read the place at the backend counts as taken.
    const isKeptStream = this.#request.isKept && this.#head !== null && isEventStream(this.#head)
    if (isKeptStream || this.#request.lease.backend.onHangUp === 'finish') {
      this.#unheard = true
      this.#delivery.resume()
      return
    }
    this.#delivery.cancel()
    if (this.#stream === null) {
      this.#finish(null)
      this.#refuse(new ClientGone())
    } else {
      // Many clients close after the last event instead of waiting for the end of the answer.
      this.#finish(this.#complete || this.#dialect.isLastEvent(this.#stream.ends.end) ? 'ok' : 'aborted')
    }
  }

  readonly #takenBack = (error: Hal0Error): void => this.stop(error)

  stop(error: Hal0Error): void {
    this.#delivery.cancel()
    this.#break(error)
  }

  silent(): void {
    this.#delivery.cancel()
    this.#break(upstreamTimeout(this.#request.target, this.timeoutMs))
  }

  lasting(): void {
    if (this.#gone !== null) return
    const gone = this.#request.client.signal
    this.#gone = gone
    gone.addEventListener('abort', this.cancelled)
    if (gone.aborted) this.cancelled()
  }

  // The answer.

  #answerWhole(head: ResponseHead): void {
    const body = joined(this.#parts)
    this.#firstByteAt = this.lastProgress
    const lines = this.#headerLines(head)
    if (lines === null) return
    this.#request.answer.send(head.status, lines, body)
    this.#answered()
    this.#finish('ok', null, body)
  }

  #answerStream(head: ResponseHead): void {
    const lines = this.#headerLines(head)
    if (lines === null) return
    const { answer, endpoint, lease } = this.#request
    const translation = translationTo(endpoint.dialect, lease.backend.dialects)
    const stream = new AnswerStream(answer, isEventStream(head), translation)
    this.#stream = stream
    answer.onRoom = () => this.#delivery.resume()
    answer.begin(head.status, lines, head.length)
    this.#answered()
    this.#passOn(stream)
  }

  /** @returns null if they are invalid; then the request has failed */
  #headerLines(head: ResponseHead): string | null {
    const { headerLines, requestId } = this.#request
    try {
      return `${answerHeaders(head)}${headerLines}x-request-id: ${requestId}\r\n`
    } catch (error) {
      this.#delivery.cancel()
      this.failed(error instanceof Error ? error : new Error(String(error)))
      return null
    }
  }

  #passOn(stream: AnswerStream): void {
    if (this.#parts.length > 0) {
      this.#firstByteAt ??= this.lastProgress
      const piece = joined(this.#parts)
      this.#parts = []
      const room = stream.push(piece)
      if (!this.#complete) this.#delivery.passedOn(piece.length, this.lastProgress, room)
    }
    if (!this.#complete) return
    // If only the end of the connection ends an answer, only the slot knows whether its backend is alive.
    if (this.#head?.framing === 'until-close') this.#afterVerdict((verdict) => this.#endStream(stream, verdict))
    else this.#endStream(stream, null)
  }

  #endStream(stream: AnswerStream, verdict: Hal0Error | null): void {
    if (this.#over) return
    if (verdict === null) {
      stream.end()
      this.#finish('ok')
    } else {
      this.#break(verdict)
    }
  }

  #afterVerdict(next: (verdict: Hal0Error | null) => void): void {
    this.#request.lease.verdict().then(next, (failure) => this.#break(Hal0Error.from(failure)))
  }

  /** Sends an error answer if that is still possible; otherwise breaks the stream. */
  #break(error: Hal0Error): void {
    if (this.#over) return
    if (this.#stream === null) {
      this.#finish(null)
      this.#refuse(error)
    } else {
      this.#stream.break(this.#dialect.errorEvent(error))
      this.#finish('broken', error)
    }
  }

  /** Does everything that is due at the end, once. @param outcome null: the client got nothing, and the promise is rejected instead */
  #finish(outcome: RelayReport['outcome'] | null, error: Hal0Error | null = null, whole?: Buffer): void {
    this.#over = true
    const { lease } = this.#request
    flight.remove(this)
    this.#gone?.removeEventListener('abort', this.cancelled)
    lease.onLost = null
    this.#delivery.end()
    lease.release()
    if (outcome === null) return
    this.#report({
      outcome: this.#unheard && outcome === 'ok' ? 'aborted' : outcome,
      status: this.#head?.status ?? 0,
      error,
      streamed: this.#head !== null && isEventStream(this.#head),
      firstByteAt: this.#firstByteAt,
      ends: whole === undefined ? (this.#stream?.ends ?? empty) : { start: whole, end: whole },
    })
  }
}
