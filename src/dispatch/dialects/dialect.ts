/** How one kind of client reads errors and the end of a stream. */
import type { Hal0Error } from '../../lib/hal0-error.ts'

export interface DialectRules {
  /** The body of an answer that is an error, to be written as JSON. */
  errorBody(error: Hal0Error): object
  /**
   * What ends an event stream that breaks, so that its client hears why: the error as one event. No sign of a good end follows; the
   * connection breaks after it.
   */
  errorEvent(error: Hal0Error): string
  /** Whether an event stream whose last bytes are these has told all. */
  isLastEvent(tail: Buffer): boolean
}
