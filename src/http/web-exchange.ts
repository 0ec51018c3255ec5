/** Connects the front with Elysia's routes, which use web Requests and Responses. */
import { Hal0Error } from '../lib/hal0-error.ts'
import type { Answer, IncomingBody, IncomingRequest } from '../lib/http/incoming.ts'

/** The body as a web stream, read from the client only as fast as it is consumed. */
const webBody = (body: IncomingBody): ReadableStream<Uint8Array> =>
  new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const piece = await body.next()
        if (piece === null) controller.close()
        else controller.enqueue(piece)
      },
    },
    { highWaterMark: 0 },
  )

/**
 * HEAD becomes GET, since only then the length of the body is known.
 * @param target of the request, in its usual spelling
 * @param host already checked
 * @throws Hal0Error `request.method_not_allowed` for a method that Request does not know, and would turn into GET
 */
export const webRequest = (incoming: IncomingRequest, target: string, host: string): Request => {
  const { method, headers, body, signal } = incoming
  const copied = new Headers()
  headers.forEach((name, value) => {
    copied.append(name, value)
  })
  const hasBody = method !== 'GET' && method !== 'HEAD' && body.length !== 0
  const bytes = hasBody ? (body.whole() ?? webBody(body)) : null
  const asked = method === 'HEAD' ? 'GET' : method
  const request = new Request(`http://${host}${target}`, {
    method: asked,
    headers: copied,
    body: bytes as BodyInit,
    signal,
  })
  if (request.method === asked) return request
  throw new Hal0Error('request.method_not_allowed', `${method} is not a method that hal0 knows.`, {
    details: { allow: ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'] },
  })
}

/** Headers that the front sets itself. */
const framing = new Set(['content-length', 'transfer-encoding', 'connection', 'date'])

const headerLines = (headers: Headers): string => {
  let lines = ''
  for (const [name, value] of headers) if (!framing.has(name)) lines += `${name}: ${value}\r\n`
  return lines
}

/** Passes on the pieces as fast as the client reads; if the client leaves, the stream is cancelled. */
const pass = async (stream: ReadableStream<Uint8Array>, answer: Answer, client: AbortSignal): Promise<void> => {
  const reader = stream.getReader()
  const leave = (): void => void reader.cancel(client.reason).catch(() => {})
  client.addEventListener('abort', leave, { once: true })
  if (client.aborted) leave()
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      if (answer.write(next.value)) continue
      await new Promise<void>((resolve) => {
        answer.onRoom = resolve
        client.addEventListener('abort', () => resolve(), { once: true })
      })
    }
    answer.end()
  } catch {
    // The source of the stream has logged why; the client sees that the answer is incomplete.
    answer.break()
  } finally {
    client.removeEventListener('abort', leave)
  }
}

/** Sends `response`: a stream of events piece by piece, everything else whole. */
export const sendResponse = async (
  response: Response,
  { method, signal }: IncomingRequest,
  answer: Answer,
): Promise<void> => {
  const lines = headerLines(response.headers)
  const { body, status } = response
  if (body === null) answer.send(status, lines, null)
  else if (response.headers.get('content-type')?.startsWith('text/event-stream') === true) {
    answer.begin(status, lines, null)
    if (method === 'HEAD') {
      answer.end()
      await body.cancel()
    } else await pass(body, answer, signal)
  } else answer.send(status, lines, await response.bytes())
}
