/**
 * The answer to a streaming request whose slot takes its time to load: the head and comments go out before there is a backend, since
 * many clients give up on a connection that is silent (spec §5). Whatever answers afterwards writes to it as to any other answer.
 */
import type { Endpoint } from '../../contract/endpoints.ts'
import { elapsed } from '../../lib/figures.ts'
import type { Hal0Error } from '../../lib/hal0-error.ts'
import type { Answer } from '../../lib/http/incoming.ts'
import { log } from '../../lib/log.ts'
import type { LoadView } from '../../slots/run/lease.ts'
import type { BodyPieces } from '../body/body-pieces.ts'
import type { DialectRules } from '../dialects/dialect.ts'
import { dialects } from '../dialects/dialects.ts'
import type { Thoughts } from '../dialects/thoughts.ts'
import type { Translation } from '../dialects/translation.ts'
import type { Target } from '../targets/target.ts'
import { BackendRefusal } from './backend-refusal.ts'
import { breakSoon } from './break-soon.ts'
import { asksForStream } from './stream-flag.ts'

/** Milliseconds. */
export interface EarlyTiming {
  /** Until the head and the first comment. A load that fails earlier is still answered with a status. */
  first: number
  /** Between the next ones. */
  next: number
}

export const earlyTiming: EarlyTiming = { first: 3000, next: 5000 }

/** A request that waits. */
export interface WaitingRequest {
  endpoint: Pick<Endpoint, 'dialect' | 'streams' | 'backendPath'>
  /** As its backend will get it. */
  body: BodyPieces
  answer: Answer
  /** Header lines of its answer. */
  headerLines: string
  requestId: string
  /** The model that the client named. */
  model: string
  target: Pick<Target, 'loading'>
}

const eventStream = 'content-type: text/event-stream\r\ncache-control: no-cache\r\n'

const nothing = Buffer.alloc(0)

const progressText = ({ state, elapsedMs, expectedMs }: LoadView): string =>
  elapsedMs === null
    ? 'waiting for the load to begin'
    : `${state} — ${elapsed(elapsedMs / 1000, expectedMs === null ? null : expectedMs / 1000)}`

export class EarlyAnswer implements Answer {
  readonly #request: WaitingRequest
  readonly #timing: EarlyTiming
  readonly #dialect: DialectRules
  #timer: ReturnType<typeof setTimeout> | null
  #asks: boolean | null = null
  /** The progress that was sent as thoughts; null: none was. */
  #thoughts: Thoughts | null = null
  /** Makes one stream of the thoughts and the backend's answer; null: that is passed on unchanged. */
  #continuation: Translation | null = null
  /** What the backend answers instead of a stream; null: it streams, or has not answered. */
  #refusal: BackendRefusal | null = null

  /** Watches the wait from now on, until `stop`. */
  constructor(request: WaitingRequest, timing: EarlyTiming) {
    this.#request = request
    this.#timing = timing
    this.#dialect = dialects[request.endpoint.dialect]
    this.#timer = setTimeout(this.#tick, timing.first)
  }

  /** The wait is over. */
  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  /** Its head was sent before there was a backend. */
  get begun(): boolean {
    return this.#request.answer.begun
  }

  /** Ends the stream with an event that says why. */
  fail(error: Hal0Error): void {
    this.#write(this.#dialect.errorEvent(error))
    breakSoon(this.#request.answer)
  }

  // The rest is the answer of a backend.

  get onRoom(): (() => void) | null {
    return this.#request.answer.onRoom
  }

  set onRoom(room: (() => void) | null) {
    this.#request.answer.onRoom = room
  }

  send(status: number, headers: string, body: Uint8Array | null): void {
    this.begin(status, headers, null)
    if (body !== null) this.write(body)
    this.end()
  }

  begin(status: number, headers: string, _length: number | null): void {
    const streams = status === 200 && /^content-type: *text\/event-stream/im.test(headers)
    this.#refusal = streams ? null : new BackendRefusal(status)
    if (!streams || this.#thoughts === null) return
    this.#write(this.#thoughts.end())
    this.#continuation = this.#thoughts.continuation
  }

  write(piece: Uint8Array): boolean {
    if (this.#refusal !== null) {
      this.#refusal.add(piece)
      return true
    }
    if (this.#continuation === null) return this.#request.answer.write(piece)
    const events = this.#continuation.piece(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength))
    return events.length === 0 || this.#request.answer.write(events)
  }

  end(): void {
    if (this.#refusal === null) {
      const rest = this.#continuation?.rest() ?? nothing
      if (rest.length > 0) this.#request.answer.write(rest)
      this.#request.answer.end()
      return
    }
    const envelope = this.#refusal.ownError()
    if (envelope === null) this.fail(this.#refusal.error())
    else {
      this.#write(this.#dialect.envelopeEvent(envelope))
      breakSoon(this.#request.answer)
    }
  }

  break(): void {
    this.#request.answer.break()
  }

  readonly #tick = (): void => {
    this.#next().catch((error: unknown) => {
      // The request still waits for its answer, only in silence.
      log.error(`request ${this.#request.requestId} gets no early answer`, error)
    })
  }

  async #next(): Promise<void> {
    this.#asks ??= await asksForStream(this.#request.body)
    if (!this.#asks || this.#timer === null) return
    this.#timer = setTimeout(this.#tick, this.#timing.next)
    const load = this.#request.target.loading()
    // It waits for a place only: a refusal with a status is worth more to it than an early head.
    if (load === null) return
    const { answer, headerLines } = this.#request
    if (!answer.begun) answer.begin(200, `${eventStream}${headerLines}`, null)
    this.#write(this.#progress(load))
  }

  #progress(load: LoadView): string {
    if (load.hint === 'none') return ':\n\n'
    const text = progressText(load)
    if (load.hint === 'thinking') this.#thoughts ??= this.#dialect.thoughts(this.#request)
    return this.#thoughts?.add(`${text}\n`) ?? `: ${text}\n\n`
  }

  #write(text: string): void {
    if (text !== '') this.#request.answer.write(Buffer.from(text))
  }
}
