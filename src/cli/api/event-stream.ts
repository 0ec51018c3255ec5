/** Server-sent events (WHATWG HTML, section 9.2): the parser, and one connection that brings them. */
import { withDeadline } from '../../lib/async/with-deadline.ts'
import { refusal } from './client.ts'
import { notHal0, send } from './connection.ts'

export interface ServerEvent {
  /** `message` if the server names none. */
  event: string
  data: string
  /** The last id seen so far; '' before the first. */
  id: string
}

/** Splits bytes into lines that end with LF, CR or CRLF, wherever the chunks are split. An unterminated last line is dropped. */
async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder() // drops a byte order mark
  let rest = ''
  let afterReturn = false
  for await (const chunk of chunks) {
    let text = decoder.decode(chunk, { stream: true })
    if (text === '') continue
    // The second half of a CRLF: its line already ended at the CR.
    if (afterReturn && text.startsWith('\n')) text = text.slice(1)
    afterReturn = text.endsWith('\r')
    const lines = (rest + text).split(/\r\n|\n|\r/)
    rest = lines.pop() ?? ''
    yield* lines
  }
}

/** Parses an event stream. Comments are dropped, and so is an event that is cut off by the end of the stream. */
export async function* parseEvents(
  chunks: AsyncIterable<Uint8Array>,
  onRetry?: (ms: number) => void,
): AsyncGenerator<ServerEvent> {
  let event = ''
  let data: string[] = []
  let id = ''
  for await (const line of linesOf(chunks)) {
    if (line === '') {
      if (data.length > 0) yield { event: event === '' ? 'message' : event, data: data.join('\n'), id }
      event = ''
      data = []
      continue
    }
    const colon = line.indexOf(':')
    const field = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'event') event = value
    else if (field === 'data') data.push(value)
    else if (field === 'id' && !value.includes('\0')) id = value
    else if (field === 'retry' && /^\d+$/.test(value)) onRetry?.(Number(value))
  }
}

/** How long the daemon may take to accept a reader, milliseconds. */
const openTimeoutMs = 30_000
/** The daemon sends a comment every 15 s. After this long without a byte the connection is dead, milliseconds. */
const silenceMs = 50_000

interface OpenOptions {
  signal?: AbortSignal
  lastEventId?: string
}

/**
 * Opens an event stream of the API, without reconnecting. Resolves once the server has accepted.
 * @returns its bytes; they end when the connection does, or when it is silent for longer than a living one
 * @throws Failure when the API refuses, or the daemon is not reachable
 */
export const openEvents = async (
  path: string,
  { signal, lastEventId }: OpenOptions = {},
): Promise<AsyncIterable<Uint8Array>> => {
  const opening = new AbortController()
  const timer = setTimeout(() => opening.abort(new DOMException('no answer', 'TimeoutError')), openTimeoutMs)
  const either = signal === undefined ? opening.signal : AbortSignal.any([signal, opening.signal])
  try {
    const response = await send({
      method: 'GET',
      path,
      headers: {
        accept: 'text/event-stream',
        ...(lastEventId === undefined || lastEventId === '' ? {} : { 'last-event-id': lastEventId }),
      },
      signal: either,
    })
    if (response.status !== 200) throw refusal(path, response.status, await response.text(), null)
    const type = response.headers.get('content-type') ?? ''
    if (!type.startsWith('text/event-stream') || response.body === null) {
      await response.body?.cancel()
      throw notHal0(path, 'answered with something other than events')
    }
    return untilSilent(response.body)
  } finally {
    clearTimeout(timer)
  }
}

async function* untilSilent(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader()
  try {
    for (;;) {
      const read = await withDeadline(reader.read(), silenceMs, null)
      if (read === null || read.done) return
      yield read.value
    }
  } finally {
    // Of a connection that has failed this is refused, which changes nothing.
    await reader.cancel().catch(() => {})
  }
}
