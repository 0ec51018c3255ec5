/** How one kind of client expects errors and the end of a stream. */
import type { Endpoint } from '../../contract/endpoints.ts'
import type { Hal0Error } from '../../lib/hal0-error.ts'

/** The request whose answer is a stream. */
export interface StreamOf {
  requestId: string
  /** The model that the client named. */
  model: string
  endpoint: Pick<Endpoint, 'backendPath'>
}

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
  /** An event before the answer itself that clients show as thoughts of the model; null: the dialect has none. */
  thinking(text: string, stream: StreamOf): string | null
  /** Whether an event stream with these last bytes is complete. */
  isLastEvent(tail: Buffer): boolean
}
