/** An answer that is passed on piece by piece, as fast as the client reads it. */
import type { Answer } from '../../lib/http/incoming.ts'
import { StreamEnds } from '../dialects/stream-ends.ts'
import type { Translation } from '../dialects/translation.ts'
import type { ResponseHead } from '../upstream/response-head.ts'
import { breakSoon } from '../waiting/break-soon.ts'
import { EventCut } from './event-cut.ts'

/** Server-sent events. */
export const isEventStream = ({ headers }: ResponseHead): boolean =>
  headers['content-type']?.toLowerCase().startsWith('text/event-stream') === true

/** Joins pieces; a single piece is not copied. */
export const joined = (pieces: Buffer[]): Buffer =>
  pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)

export class AnswerStream {
  /** What was passed on. */
  readonly ends = new StreamEnds()
  readonly #answer: Answer
  readonly #events: EventCut | null
  readonly #translation: Translation | null

  /**
   * @param answer whose head was sent
   * @param areEvents it is an event stream
   * @param translation of its events; null: they are passed on unchanged
   */
  constructor(answer: Answer, areEvents: boolean, translation: Translation | null) {
    this.#answer = answer
    this.#events = areEvents ? new EventCut() : null
    this.#translation = areEvents ? translation : null
  }

  /** @returns whether there is room for more */
  push(piece: Buffer): boolean {
    if (this.#events === null) return this.#write(piece)
    const events = this.#events.add(piece)
    return this.#write(this.#translation === null ? events : this.#translation.piece(events))
  }

  end(): void {
    if (this.#events !== null) this.#finishEvents(this.#events.rest(), this.#translation)
    this.#answer.end()
  }

  /**
   * Cuts the answer off in a way that no client mistakes for a complete answer.
   * @param lastEvent the last event of an event stream
   */
  break(lastEvent: string): void {
    if (this.#events === null) {
      this.#answer.break()
      return
    }
    this.#write(Buffer.from(this.#events.gap() + lastEvent))
    breakSoon(this.#answer)
  }

  #finishEvents(rest: Buffer, translation: Translation | null): void {
    this.#write(translation === null ? rest : translation.piece(rest))
    if (translation !== null) this.#write(translation.rest())
  }

  #write(piece: Buffer): boolean {
    if (piece.length === 0) return true
    this.ends.add(piece)
    return this.#answer.write(piece)
  }
}
