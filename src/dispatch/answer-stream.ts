/** The body of an answer that is passed on piece by piece, as the client takes it. */
import { EventCut } from './event-cut.ts'
import { StreamTail } from './usage.ts'

/** Pieces that may wait before the backend is told to wait. */
const queuedPieces = 8
/** How long the last words of a stream that breaks have to be taken, and then to leave Bun's own buffer, milliseconds. */
const lastWordsMs = 1000
const flushMs = 20

interface Listener {
  /** The client took something: there is room for more. */
  room(): void
  /** The client hung up. */
  cancelled(): void
}

/** Pieces as one, without a copy where there is but one. */
export const joined = (pieces: Buffer<ArrayBuffer>[]): Buffer<ArrayBuffer> =>
  pieces.length === 1 ? (pieces[0] as Buffer<ArrayBuffer>) : Buffer.concat(pieces)

export class AnswerStream {
  readonly body: ReadableStream<Uint8Array>
  readonly #tail = new StreamTail()
  readonly #events: EventCut | null
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null
  /** Set once the last words are on their way. */
  #breakOff: (() => void) | null = null

  /** @param areEvents the answer is an event stream */
  constructor(listener: Listener, areEvents: boolean) {
    this.#events = areEvents ? new EventCut() : null
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        pull: () => {
          if (this.#breakOff === null) listener.room()
          else if (this.#isTaken) setTimeout(this.#breakOff, flushMs)
        },
        cancel: () => listener.cancelled(),
      },
      { highWaterMark: queuedPieces },
    )
  }

  /** @returns whether there is room for more */
  push(piece: Buffer<ArrayBuffer>): boolean {
    this.#enqueue(this.#events === null ? piece : this.#events.add(piece))
    return (this.#controller?.desiredSize ?? 0) > 0
  }

  end(): void {
    if (this.#events !== null) this.#enqueue(this.#events.rest())
    this.#controller?.close()
  }

  /**
   * Ends it so that no client takes the answer for complete: Bun resets the connection without the last chunk.
   * @param lastEvent what an event stream ends with
   */
  break(error: Error, lastEvent: string): void {
    if (this.#events === null) {
      this.#controller?.error(error)
      return
    }
    // To break drops what is not taken yet.
    this.#breakOff = () => this.#controller?.error(error)
    this.#controller?.enqueue(Buffer.from(this.#events.gap() + lastEvent))
    setTimeout(this.#breakOff, lastWordsMs).unref()
  }

  /** The last 4 KiB or more of what passed. */
  tail(): Buffer {
    return this.#tail.bytes()
  }

  get #isTaken(): boolean {
    return this.#controller?.desiredSize === queuedPieces
  }

  #enqueue(piece: Buffer): void {
    if (piece.length === 0) return
    this.#tail.add(piece)
    this.#controller?.enqueue(piece)
  }
}
