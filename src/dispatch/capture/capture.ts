/** Keeps the beginnings of a request's body and of its answer, for slots whose `capture` asks for it. */
import { type Captured, captureBounds } from '../../contract/logs/captured.ts'
import type { Answer } from '../../lib/http/incoming.ts'
import type { BodyPieces } from '../body/body-pieces.ts'

/** Where captured requests go. */
export interface CaptureRecorder {
  /** Never waits, and never fails. */
  keep(slot: string, captured: Captured): void
}

/** The beginning of a text that comes in pieces, as a copy. */
class Beginning {
  #kept: Buffer[] = []
  #keptBytes = 0
  #bytes = 0

  add(piece: Uint8Array): void {
    this.#bytes += piece.length
    const room = captureBounds.textBytes - this.#keptBytes
    if (room <= 0) return
    const copy = Buffer.from(piece.subarray(0, room))
    this.#kept.push(copy)
    this.#keptBytes += copy.length
  }

  /** @param isText otherwise only its length is told */
  captured(isText: boolean): Captured['request'] {
    // With `stream`, a character that was cut in two is left out.
    const text = isText ? new TextDecoder().decode(Buffer.concat(this.#kept), { stream: true }) : null
    return { text, bytes: this.#bytes }
  }
}

const isTextual = (headers: string): boolean =>
  /^content-type: *(?:text\/|application\/(?:[^;,\s]+\+)?json)/im.test(headers)

export class Capture implements Answer {
  readonly #answer: Answer
  readonly #isText: boolean
  readonly #request = new Beginning()
  readonly #answered = new Beginning()
  #answersText = false

  /**
   * @param answer what comes by here is passed on to it
   * @param body as the backend gets it
   * @param isText whether the body is text
   */
  constructor(answer: Answer, body: BodyPieces, isText: boolean) {
    this.#answer = answer
    this.#isText = isText
    for (const piece of body.list()) this.#request.add(piece)
  }

  /** What was kept. */
  texts(): Pick<Captured, 'request' | 'answer'> {
    return { request: this.#request.captured(this.#isText), answer: this.#answered.captured(this.#answersText) }
  }

  get begun(): boolean {
    return this.#answer.begun
  }

  get onRoom(): (() => void) | null {
    return this.#answer.onRoom
  }

  set onRoom(room: (() => void) | null) {
    this.#answer.onRoom = room
  }

  send(status: number, headers: string, body: Uint8Array | null): void {
    this.#answersText = isTextual(headers)
    if (body !== null) this.#answered.add(body)
    this.#answer.send(status, headers, body)
  }

  begin(status: number, headers: string, length: number | null): void {
    this.#answersText = isTextual(headers)
    this.#answer.begin(status, headers, length)
  }

  write(piece: Uint8Array): boolean {
    this.#answered.add(piece)
    return this.#answer.write(piece)
  }

  end(): void {
    this.#answer.end()
  }

  break(): void {
    this.#answer.break()
  }
}
