/** How one kind of client expects errors and the end of a stream. */
import type { Hal0Error } from '../../lib/hal0-error.ts'

export interface DialectRules {
  /** The body of an answer that is an error, to be written as JSON. */
  errorBody(error: Hal0Error): object
  /**
   * The last event of a stream that breaks, which tells the client why. No normal end of the stream follows; the connection breaks
   * after it.
   */
  errorEvent(error: Hal0Error): string
  /** Whether an event stream with these last bytes is complete. */
  isLastEvent(tail: Buffer): boolean
}
