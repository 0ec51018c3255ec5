/** Server-sent events (WHATWG HTML, section 9.2): the parser, and a reader that reconnects after a lost connection. */

import { exitCode } from '../terminal/exit-code.ts'
import { Failure } from '../terminal/failure.ts'
import { talk } from '../terminal/output.ts'
import { refusal } from './client.ts'
import { broken, notHal0, send } from './connection.ts'

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

interface OpenOptions {
  signal?: AbortSignal
  lastEventId?: string
}

/**
 * Opens an event stream of the API, without reconnecting. Resolves once the server has accepted.
 * @throws Failure when the API refuses, or the daemon is not reachable
 */
export const openEvents = async (
  path: string,
  { signal, lastEventId }: OpenOptions = {},
): Promise<ReadableStream<Uint8Array>> => {
  const response = await send({
    method: 'GET',
    path,
    headers: {
      accept: 'text/event-stream',
      ...(lastEventId === undefined || lastEventId === '' ? {} : { 'last-event-id': lastEventId }),
    },
    ...(signal === undefined ? {} : { signal }),
  })
  if (response.status !== 200) throw refusal(path, response.status, await response.text(), null)
  const type = response.headers.get('content-type') ?? ''
  if (!type.startsWith('text/event-stream') || response.body === null) {
    await response.body?.cancel()
    throw notHal0(path, 'answered with something other than events')
  }
  return response.body
}

interface FollowOptions {
  /** Id of the last event that was already seen. */
  lastEventId?: string
  /** Called before the lost connection is reported on stderr. */
  onLost?(): void
}

const firstPauseMs = 500
const longestPauseMs = 10_000

/**
 * Follows an event stream for ever. A lost connection is reported on stderr and opened again, after a growing pause, where it
 * broke off.
 * @throws Failure when the first attempt fails, or when the API refuses
 */
export async function* followEvents(path: string, options: FollowOptions = {}): AsyncGenerator<ServerEvent> {
  let { lastEventId = '' } = options
  let retryMs = firstPauseMs
  let pauseMs = retryMs
  let stream = await openEvents(path, { lastEventId })
  for (;;) {
    try {
      for await (const event of parseEvents(stream, (ms) => (retryMs = Math.min(ms, longestPauseMs)))) {
        // On a new connection, events before the first id carry none. The place to resume from must not be forgotten.
        if (event.id !== '') lastEventId = event.id
        pauseMs = retryMs
        yield event
      }
    } catch (error) {
      if (!isLoss(broken(error))) throw error
    }
    options.onLost?.()
    talk.warn('the connection to hal0 was lost; trying again.')
    let back: typeof stream | null = null
    while (back === null) {
      await Bun.sleep(pauseMs)
      pauseMs = Math.min(pauseMs * 2, longestPauseMs)
      back = await openEvents(path, { lastEventId }).catch((error: unknown) => {
        if (isLoss(error)) return null
        throw error
      })
    }
    talk.log('Connected again.')
    stream = back
  }
}

/** The daemon is gone for now; waiting may help. */
const isLoss = (error: unknown): boolean => error instanceof Failure && error.exitCode === exitCode.unreachable
