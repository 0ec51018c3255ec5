/** Reads bodies of `/api` requests, within limits. The dispatcher reads those of `/v1`. */

import { Hal0Error } from '../../lib/hal0-error.ts'
import { requireIdentity } from '../../lib/http/content-encoding.ts'
import { parseJsonBody } from '../../lib/http/json-body.ts'
import { readBytes } from '../../lib/http/request-bytes.ts'

/** Bodies of `/api` are configurations; no legitimate one comes near this. */
const maxBytes = 1_048_576
/** Deepest nesting of a body; the deepest one that a schema allows has 3 levels. */
const maxDepth = 64

const tooLarge = (): Hal0Error =>
  new Hal0Error('request.too_large', `The body is larger than ${maxBytes} bytes, the most that the API takes.`, {
    details: { limit_bytes: maxBytes },
  })

/**
 * The JSON in the body of `request`; undefined for an empty one.
 * @throws Hal0Error `request.too_large`, `request.invalid`, `request.unsupported`
 */
export const readJson = async (request: Request): Promise<unknown> => {
  requireIdentity(request.headers)
  let bytes: Uint8Array
  try {
    bytes = await readBytes(request, maxBytes, tooLarge)
  } catch (error) {
    if (error instanceof Hal0Error) throw error
    throw new Hal0Error('request.invalid', 'The request body could not be read to its end. Send it again.', {
      cause: error,
    })
  }
  return bytes.length === 0 ? undefined : parseJsonBody(bytes, maxDepth)
}
