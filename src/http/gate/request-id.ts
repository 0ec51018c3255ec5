/** The id of a request: in its answer (`x-request-id`), in the log, and what `hal0 why` takes. */
import type { WireHeaders } from '../../lib/http/wire-headers.ts'

/** A client's own id is used if it is short and plain; otherwise, and for a request that could not be read, a random one is made. */
export const requestIdOf = (headers: WireHeaders | null): string => {
  const given = headers?.get('x-request-id') ?? null
  if (given !== null && /^[\w.:-]{1,128}$/.test(given)) return given
  return crypto.randomUUID().slice(-12)
}
