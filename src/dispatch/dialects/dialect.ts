/** How one kind of client expects errors and the end of a stream. */
import type { Hal0Error } from '../../lib/hal0-error.ts'
import type { StreamOf, Thoughts } from './thoughts.ts'

export interface DialectRules {
  /** The body of an answer that is an error, to be written as JSON. */
  errorBody(error: Hal0Error): object
  /**
   * The last event of a stream that breaks, which tells the client why. No normal end of the stream follows; the connection breaks
   * after it.
   */
  errorEvent(error: Hal0Error): string
  /** The same for an error in the envelope of a backend. */
  envelopeEvent(envelope: { error: object }): string
  /** For a stream that begins before its backend's; null: the dialect has no thoughts there. */
  thoughts(stream: StreamOf): Thoughts | null
  /** Whether an event stream with these last bytes is complete. */
  isLastEvent(tail: Buffer): boolean
}
