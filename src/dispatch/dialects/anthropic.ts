/** Anthropic's dialect. Pure. */
import type { AnthropicErrorEnvelope } from '../../contract/error.ts'
import type { Hal0Error } from '../../lib/hal0-error.ts'
import { AnthropicThoughts } from './anthropic-thoughts.ts'
import type { DialectRules } from './dialect.ts'

/** Anthropic's names for OpenAI's error types. */
const types: Readonly<Record<string, string>> = { server_error: 'api_error', conflict_error: 'invalid_request_error' }

/** Anthropic has a type for what OpenAI tells only by the status. */
const typeOf = ({ status }: Hal0Error, type: string): string =>
  status === 413 ? 'request_too_large' : (types[type] ?? type)

/** Spec §5. */
const envelope = (error: Hal0Error): AnthropicErrorEnvelope => {
  const { type, message, code, details } = error.body()
  return { type: 'error', error: { type: typeOf(error, type), message, code, details } }
}

const envelopeEvent = (body: { error: object }): string =>
  `event: error\ndata: ${JSON.stringify({ ...body, type: 'error' })}\n\n`

export const anthropic: DialectRules = {
  errorBody: envelope,
  errorEvent: (error) => envelopeEvent(envelope(error)),
  envelopeEvent,
  thoughts: (stream) => new AnthropicThoughts(stream),
  isLastEvent: (tail) =>
    /(?:^|\n)event: ?message_stop\r?\ndata: ?[^\r\n]*\s*$/.test(
      tail.toString('latin1', Math.max(0, tail.length - 256)),
    ),
}
