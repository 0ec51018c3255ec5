/** The head of a backend's answer: status line, headers, and how the body is framed (RFC 9112 §6.3). Pure. */
import { type BodyFraming, MalformedMessage } from '../../lib/http/body-decoder.ts'
import { fieldValue } from '../../lib/http/wire-headers.ts'

export type Framing = 'none' | BodyFraming

export interface ResponseHead {
  readonly status: number
  /** Names in lower case; repeated names have their values joined by ", " (even Set-Cookie, which is never relayed). */
  readonly headers: Readonly<Record<string, string>>
  readonly framing: Framing
  /** Length of the body in bytes; null if it is unknown until its end. */
  readonly length: number | null
  /** The connection carries no other answer after this one. */
  readonly closes: boolean
}

/** The backend does not speak HTTP/1.1. */
export class MalformedResponse extends MalformedMessage {
  override readonly name: string = 'MalformedResponse'
}

const digits = /^[0-9]{1,15}$/

const parseHeaders = (text: string, from: number): Record<string, string> => {
  const headers: Record<string, string> = Object.create(null)
  for (let at = from; at < text.length; ) {
    let end = text.indexOf('\r\n', at)
    if (end < 0) end = text.length
    const colon = text.indexOf(':', at)
    if (colon <= at || colon >= end) throw new MalformedResponse('a header line without a name')
    const name = text.slice(at, colon).toLowerCase()
    const value = fieldValue(text, colon + 1, end)
    const known = headers[name]
    headers[name] = known === undefined ? value : `${known}, ${value}`
    at = end + 2
  }
  return headers
}

const frame = (status: number, headers: Record<string, string>): Pick<ResponseHead, 'framing' | 'length'> => {
  const coding = headers['transfer-encoding']
  const size = headers['content-length']
  if (status < 200 || status === 204 || status === 304) return { framing: 'none', length: 0 }
  if (coding !== undefined) {
    if (coding.toLowerCase() !== 'chunked') throw new MalformedResponse(`an unknown transfer coding, ${coding}`)
    return { framing: 'chunked', length: null }
  }
  if (size === undefined) return { framing: 'until-close', length: null }
  if (!digits.test(size)) throw new MalformedResponse('a Content-Length that is not a number')
  return { framing: size === '0' ? 'none' : 'length', length: Number(size) }
}

const parse = (text: string): ResponseHead => {
  const status = Number(text.slice(9, 12))
  if (!text.startsWith('HTTP/1.') || !(status >= 100 && status <= 599)) throw new MalformedResponse('no status line')
  if (status === 101) throw new MalformedResponse('a change of protocol that was not requested')
  const firstLine = text.indexOf('\r\n')
  const headers = firstLine < 0 ? {} : parseHeaders(text, firstLine + 2)
  const { framing, length } = frame(status, headers)
  const connection = headers.connection?.toLowerCase() ?? ''
  const closes =
    framing === 'until-close' ||
    connection.includes('close') ||
    (text[7] === '0' && !connection.includes('keep-alive')) ||
    // Two lengths: the chunks count, and the connection is not reused.
    (framing === 'chunked' && headers['content-length'] !== undefined)
  return { status, headers, framing, length, closes }
}

/** A backend repeats the same few heads, so each is parsed only once. */
const known = new Map<string, ResponseHead>()
const knownHeads = 256
const knownCharacters = 1024

/**
 * @param text of the head, without the empty line
 * @throws MalformedResponse
 */
export const parseHead = (text: string): ResponseHead => {
  const before = known.get(text)
  if (before !== undefined) return before
  const head = parse(text)
  if (text.length > knownCharacters) return head
  if (known.size >= knownHeads) known.clear()
  known.set(text, head)
  return head
}
