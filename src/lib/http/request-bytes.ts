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
    // Leaving the loop cancels the stream. The front drops what the client still sends, so that the client gets the answer.
    if (size > limit) throw tooLarge()
    parts.push(part)
  }
  return Buffer.concat(parts)
}

/**
 * The bytes of a request's body, as received. With a Content-Length, a body that is too large is refused before it is read; a
 * chunked one is counted.
 * @param limit bytes
 * @throws the error that `tooLarge` makes; the connection's error when it ends early
 */
export const readBytes = (request: Request, limit: number, tooLarge: () => Hal0Error): Promise<Uint8Array> => {
  const length = request.headers.get('content-length')
  if (length !== null) return Number(length) > limit ? Promise.reject(tooLarge()) : request.bytes()
  return request.body === null ? Promise.resolve(new Uint8Array()) : readCounted(request.body, limit, tooLarge)
}
