/** An answer that is passed on piece by piece, as the client takes it. */
import type { Answer } from '../../lib/http/incoming.ts'
import { StreamTail } from '../dialects/usage.ts'
import { EventCut } from './event-cut.ts'

/** Pieces as one, without a copy where there is but one. */
export const joined = (pieces: Buffer[]): Buffer =>
  pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)

export class AnswerStream {
  readonly #answer: Answer
  readonly #tail = new StreamTail()
  readonly #events: EventCut | null

  /**
   * @param answer whose head was sent
   * @param areEvents it is an event stream
   */
  constructor(answer: Answer, areEvents: boolean) {
    this.#answer = answer
    this.#events = areEvents ? new EventCut() : null
  }

  /** @returns whether there is room for more */
  push(piece: Buffer): boolean {
    return this.#write(this.#events === null ? piece : this.#events.add(piece))
  }

  end(): void {
    if (this.#events !== null) this.#write(this.#events.rest())
    this.#answer.end()
  }

  /**
   * Ends it so that no client takes the answer for complete.
   * @param lastEvent what an event stream ends with
   */
  break(lastEvent: string): void {
    if (this.#events !== null) this.#write(Buffer.from(this.#events.gap() + lastEvent))
    this.#answer.break()
  }

  /** The last 4 KiB or more of what passed. */
  tail(): Buffer {
    return this.#tail.bytes()
  }

  #write(piece: Buffer): boolean {
    if (piece.length === 0) return true
    this.#tail.add(piece)
    return this.#answer.write(piece)
  }
}
