/** Event streams as OpenAI's clients read them. Pure. */
import type { Hal0Error } from '../../lib/hal0-error.ts'
import type { ResponseHead } from '../upstream/response-head.ts'

export const isEventStream = ({ headers }: ResponseHead): boolean =>
  headers['content-type']?.toLowerCase().startsWith('text/event-stream') === true

/** Whether a stream whose last bytes are these has told all. */
export const isLastEvent = (tail: Buffer): boolean =>
  /(?:^|\n)data: ?\[DONE\]\s*$/.test(tail.toString('latin1', Math.max(0, tail.length - 64)))

/**
 * What ends a stream that breaks, so that its client hears why: the error as one event, which OpenAI's clients raise as an error of
 * the API. No `[DONE]` follows; the connection breaks after it.
 */
export const errorEvent = (error: Hal0Error): string => `data: ${JSON.stringify(error.envelope())}\n\n`
