import type { Hal0Error } from '../hal0-error.ts'

const readCounted = async (
  stream: ReadableStream<Uint8Array>,
  limit: number,
  tooLarge: () => Hal0Error,
): Promise<Uint8Array> => {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of stream) {
    size += part.length
    // Leaving the loop cancels the stream: what the client still sends is dropped by the front, so that it gets the answer.
    if (size > limit) throw tooLarge()
    parts.push(part)
  }
  return Buffer.concat(parts)
}

/**
 * The bytes of a request's body, as they came. When Content-Length tells it, a body that is too large is refused before it is
 * read; one in chunks is counted.
 * @param limit bytes
 * @throws what `tooLarge` makes; what the client's connection says when it ends
 */
export const readBytes = (request: Request, limit: number, tooLarge: () => Hal0Error): Promise<Uint8Array> => {
  const length = request.headers.get('content-length')
  if (length !== null) return Number(length) > limit ? Promise.reject(tooLarge()) : request.bytes()
  return request.body === null ? Promise.resolve(new Uint8Array()) : readCounted(request.body, limit, tooLarge)
}
