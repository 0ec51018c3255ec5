/** The body of an answer that is passed on piece by piece, as the client takes it. */
import { StreamTail } from './usage.ts'

/** Pieces that may wait before the backend is told to wait. */
const queuedPieces = 8

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
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null

  constructor(listener: Listener) {
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        pull: () => listener.room(),
        cancel: () => listener.cancelled(),
      },
      { highWaterMark: queuedPieces },
    )
  }

  /** @returns whether there is room for more */
  push(piece: Buffer): boolean {
    this.#tail.add(piece)
    this.#controller?.enqueue(piece)
    return (this.#controller?.desiredSize ?? 0) > 0
  }

  end(): void {
    this.#controller?.close()
  }

  /** Bun then resets the client's connection without the last chunk, so that no client takes the answer for complete. */
  break(error: Error): void {
    this.#controller?.error(error)
  }

  /** The last 4 KiB or more of what passed. */
  tail(): Buffer {
    return this.#tail.bytes()
  }
}
