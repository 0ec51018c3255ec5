/** What a backend answers instead of a stream, for a client whose stream has already begun. */
import { Hal0Error } from '../../lib/hal0-error.ts'

/** More of an answer than any error has is dropped, bytes. */
const mostBytes = 1024 * 1024

export class BackendRefusal {
  readonly #status: number
  readonly #pieces: Uint8Array[] = []
  #size = 0

  constructor(status: number) {
    this.#status = status
  }

  add(piece: Uint8Array): void {
    this.#size += piece.length
    if (this.#size <= mostBytes) this.#pieces.push(piece)
  }

  /** The backend's own error; null: its answer has none. */
  ownError(): { error: object } | null {
    if (this.#size > mostBytes) return null
    try {
      const value: unknown = JSON.parse(Buffer.concat(this.#pieces).toString('utf8'))
      if (typeof value !== 'object' || value === null || !('error' in value)) return null
      const { error } = value
      return typeof error === 'object' && error !== null ? { ...value, error } : null
    } catch {
      // It is no JSON: `error` says so.
      return null
    }
  }

  error(): Hal0Error {
    return new Hal0Error(
      'upstream.failed',
      `The backend was asked for a stream, and answered with status ${this.#status} and something else.`,
      { details: { status: this.#status } },
    )
  }
}
