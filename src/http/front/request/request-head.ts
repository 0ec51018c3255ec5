/**
 * The head of a request: request line, headers, and how the body is framed (RFC 9112). Pure. Strict wherever two parsers could see
 * different requests in the same bytes.
 */
import { Hal0Error } from '../../../lib/hal0-error.ts'
import { fieldValue, WireHeaders } from '../../../lib/http/wire-headers.ts'

export interface RequestHead {
  readonly method: string
  /** Path and query, beginning with a slash. */
  readonly target: string
  readonly headers: WireHeaders
  /** Minor version of HTTP/1. */
  readonly minor: 0 | 1
  readonly chunked: boolean
  /** Bytes of the body; null: in chunks. */
  readonly length: number | null
  /** The client wants to use the connection again. */
  readonly keepsAlive: boolean
  /** The client sends the body only after a 100 Continue. */
  readonly awaitsContinue: boolean
}

/** Maximum length of a request's target. */
export const maxTarget = 8 * 1024
const maxHeaders = 128

const requestLine = /^([!#$%&'*+.^_`|~\w-]+) ([^ \t]+) HTTP\/(\d)\.(\d)$/
const token = /^[!#$%&'*+.^_`|~\w-]+$/
const digits = /^\d{1,15}$/
const absolute = /^https?:\/\/([^/?#]*)(.*)$/i
/** What a head may not contain: control characters, a lone CR, a lone LF. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const forbidden = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n/

/** A request that cannot be read. @param status the code's own is 400 */
export const unreadable = (message: string, status = 400): Hal0Error =>
  new Hal0Error('request.invalid', message, { status })

export const noRequest = (): Hal0Error =>
  unreadable(
    'This is not an HTTP request that hal0 can read. Send a request line, headers and an empty line, each ended by CRLF.',
  )

export const targetTooLong = (): Hal0Error =>
  unreadable(`The address of the request is longer than ${maxTarget} characters. Send a shorter one.`, 414)

export const headTooLarge = (): Hal0Error =>
  unreadable(
    'The headers of the request are too large. Send fewer or shorter ones; a browser may need its cookies cleared.',
    431,
  )

/** Header names seen before, in lower case by their original spelling: most clients repeat the same few. */
const lowerCase = new Map<string, string>()
const knownNames = 512

const nameOf = (spelled: string): string => {
  const known = lowerCase.get(spelled)
  if (known !== undefined) return known
  if (!token.test(spelled)) {
    throw unreadable(
      'A header of the request has a name that HTTP does not allow. Send each as "Name: value" on a line of its own.',
    )
  }
  const name = spelled.toLowerCase()
  if (lowerCase.size < knownNames && spelled.length < 64) lowerCase.set(spelled, name)
  return name
}

/** A target in absolute form contains the host, and then the Host header is ignored (RFC 9112 §3.2.2). */
const splitTarget = (text: string): { target: string; host: string | null } => {
  if (text.startsWith('/')) return { target: text, host: null }
  const [, host, rest = ''] = absolute.exec(text) ?? []
  if (host === undefined)
    throw unreadable('The address in the request line must begin with a slash, e.g. GET /v1/models.')
  return { target: rest.startsWith('/') ? rest : `/${rest}`, host }
}

const notAscii = /[\x80-\xff]/g
const percentEncoded = (text: string): string =>
  text.replace(notAscii, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)

const versionProblem = (major: string): Hal0Error =>
  unreadable(`hal0 speaks HTTP/1.1 and HTTP/1.0, not HTTP/${major}. Set your client to HTTP/1.1.`, 505)

const frame = (headers: WireHeaders, minor: 0 | 1): Pick<RequestHead, 'chunked' | 'length'> => {
  const coding = headers.get('transfer-encoding')
  const length = headers.get('content-length')
  if (coding !== null) {
    if (length !== null)
      throw unreadable('The request has both Content-Length and Transfer-Encoding. Send one of them.')
    if (minor === 0) throw unreadable('HTTP/1.0 has no Transfer-Encoding. Send a Content-Length, or HTTP/1.1.')
    if (coding.toLowerCase() !== 'chunked') {
      throw unreadable('hal0 knows no Transfer-Encoding other than "chunked". Send the body as it is.', 501)
    }
    return { chunked: true, length: null }
  }
  if (length === null) return { chunked: false, length: 0 }
  if (!digits.test(length)) throw unreadable('The Content-Length of the request must be one number of bytes.')
  return { chunked: false, length: Number(length) }
}

/**
 * @param text of the head in latin1, without the empty line
 * @throws Hal0Error `request.invalid` with the status that fits
 */
export const parseRequestHead = (text: string): RequestHead => {
  let at = text.indexOf('\r\n')
  if (at < 0) at = text.length
  if (at > maxTarget + 256) throw targetTooLong()
  const match = requestLine.exec(text.slice(0, at))
  if (match === null || forbidden.test(text)) {
    throw noRequest()
  }
  const [, method = '', address = '', major = '', minorDigit] = match
  if (major !== '1') throw versionProblem(`${major}.${minorDigit}`)
  if (address.length > maxTarget) throw targetTooLong()
  const minor = minorDigit === '0' ? 0 : 1
  const { target, host } = splitTarget(address)

  const names: string[] = []
  const values: string[] = []
  for (at += 2; at < text.length; ) {
    let end = text.indexOf('\r\n', at)
    if (end < 0) end = text.length
    const colon = text.indexOf(':', at)
    // A line that continues the previous one (RFC 9112 §5.2) begins with a blank, which no name contains.
    const name = nameOf(colon < 0 || colon > end ? '' : text.slice(at, colon))
    if (host === null || name !== 'host') {
      names.push(name)
      values.push(fieldValue(text, colon + 1, end))
    }
    at = end + 2
  }
  if (names.length > maxHeaders) throw headTooLarge()
  if (host !== null) {
    names.push('host')
    values.push(host)
  }
  const headers = new WireHeaders(names, values)
  if (minor === 1 && !headers.has('host')) {
    throw unreadable(
      'An HTTP/1.1 request needs a Host header. Send "Host: localhost", or the name that hal0 is reached by.',
    )
  }
  const connection = headers.get('connection')?.toLowerCase() ?? ''
  return {
    method,
    target: percentEncoded(target),
    headers,
    minor,
    ...frame(headers, minor),
    keepsAlive: minor === 1 ? !connection.includes('close') : connection.includes('keep-alive'),
    awaitsContinue: minor === 1 && headers.get('expect')?.toLowerCase() === '100-continue',
  }
}
