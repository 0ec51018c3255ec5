/** The id of a request: in its answer (`x-request-id`), in the log, and what `hal0 why` takes. */
import type { WireHeaders } from '../../lib/http/wire-headers.ts'

/** How many ids there are for one millisecond. */
const perMs = 36 ** 4
let count = Math.floor(Math.random() * perMs)

/** The time, then a count. Such ids rise, so that the log's index of them grows at its end: random ones doubled the cost of a row. */
const nextId = (): string => {
  count = (count + 1) % perMs
  return Date.now().toString(36).padStart(8, '0') + count.toString(36).padStart(4, '0')
}

/** A client's own id is used if it is short and plain; otherwise, and for a request that could not be read, one is made. */
export const requestIdOf = (headers: WireHeaders | null): string => {
  const given = headers?.get('x-request-id') ?? null
  return given !== null && /^[\w.:-]{1,128}$/.test(given) ? given : nextId()
}
