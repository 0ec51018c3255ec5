import type { ResponseHead } from '../upstream/response-head.ts'

/** Server-sent events. */
export const isEventStream = ({ headers }: ResponseHead): boolean =>
  headers['content-type']?.toLowerCase().startsWith('text/event-stream') === true
