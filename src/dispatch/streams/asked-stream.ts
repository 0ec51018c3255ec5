/**
 * Streams that a backend keeps: a chat with an `X-Conversation-Id` can be read again, from any byte on, by the id. Pure.
 *
 * Newer backends take the id as the parameter `conv_id`, older ones as a part of the path; hal0's clients may use both.
 */
import { Hal0Error } from '../../lib/hal0-error.ts'
import type { WireHeaders } from '../../lib/http/wire-headers.ts'

/** A stream that a client wants to read again, or to end. */
export interface AskedStream {
  id: string
  /** The first byte that it wants, as it wrote that; null: from the beginning. */
  from: string | null
}

/** What a backend is asked where to find its streams. */
export const streamPath = '/v1/stream'

/** Longer ids are not remembered: clients send UUIDs. */
const maxIdCharacters = 256

/** The id with which a request asks the backend to keep its stream; null: it does not. */
export const conversationOf = (headers: Pick<WireHeaders, 'get'>): string | null => {
  const id = headers.get('x-conversation-id')
  return id === null || id === '' || id.length > maxIdCharacters ? null : id
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    // Broken percent-encoding is the id of no stream.
    return text
  }
}

/** @throws Hal0Error `request.invalid` if the target has no id */
export const askedStream = (target: string): AskedStream => {
  const [path = '', query = ''] = target.split(/\?(.*)/s)
  const parameters = new URLSearchParams(query)
  const inPath = /\/stream\/+(.+?)\/?$/.exec(path)?.[1]
  const id = inPath === undefined ? parameters.get('conv_id') : decoded(inPath)
  if (id === null || id === '') {
    throw new Hal0Error(
      'request.invalid',
      `The id of the stream is missing. Ask for ${streamPath}/ID, with the X-Conversation-Id that the request of the stream had.`,
      { param: 'conv_id' },
    )
  }
  return { id, from: parameters.get('from') }
}

/** The path and query of a stream at its backend. @param idInPath it is an older one */
export const pathAtBackend = ({ id, from }: AskedStream, idInPath: boolean): string => {
  const encoded = encodeURIComponent(id)
  const start = from === null ? '' : `from=${encodeURIComponent(from)}`
  if (idInPath) return `${streamPath}/${encoded}${start === '' ? '' : `?${start}`}`
  return `${streamPath}?conv_id=${encoded}${start === '' ? '' : `&${start}`}`
}
