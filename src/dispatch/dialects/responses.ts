/** The dialect of OpenAI's Responses API: errors are answered as in the other ones of OpenAI, but its streams have named events. Pure. */
import type { Hal0Error } from '../../lib/hal0-error.ts'
import type { DialectRules } from './dialect.ts'

/** The API's own event, with the envelope beside its fields: that is what OpenAI's clients raise as an error. */
const errorEvent = (error: Hal0Error): string => {
  const { message, code, param } = error.body()
  return `event: error\ndata: ${JSON.stringify({ type: 'error', message, code, param, ...error.envelope() })}\n\n`
}

const envelopeEvent = (envelope: { error: object }): string =>
  `event: error\ndata: ${JSON.stringify({ ...envelope.error, ...envelope, type: 'error' })}\n\n`

export const responses: DialectRules = {
  errorBody: (error) => error.envelope(),
  errorEvent,
  envelopeEvent,
  thoughts: () => null,
  /** The whole tail is searched: the last event repeats the whole answer. */
  isLastEvent: (tail) =>
    /(?:^|\n)event: ?response\.(?:completed|incomplete|failed)\r?\ndata: ?[^\r\n]*\s*$/.test(tail.toString('latin1')),
}
