/** Which headers pass the relay, in both directions. */

import { MalformedResponse, type ResponseHead } from '../upstream/response-head.ts'
import type { RelayRequest } from './relay-request.ts'

/** RFC 9110 §7.6.1: they speak about one connection and not about the message. */
const hopByHop = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade']

const notForBackends = new Set([
  ...hopByHop,
  // The relay sets its own.
  'host',
  'content-length',
  'expect',
  'x-request-id',
  // Credentials of the client: hal0 has checked them, a backend has no use for them.
  'authorization',
  'cookie',
  'x-api-key',
  'api-key',
  'forwarded',
  // Compression between two processes of one host wastes time, and would hide the token counts from the log.
  'accept-encoding',
  // A backend takes no part in CORS.
  'origin',
  'referer',
])

const notForClients = new Set([
  ...hopByHop,
  // The server's own.
  'content-length',
  'date',
  'set-cookie',
  'server',
  'alt-svc',
  'x-request-id',
])

/** Whether a header of the client stays at hal0; `name` in lower case. */
const staysHere = (name: string): boolean =>
  notForBackends.has(name) || name.startsWith('proxy-') || name.startsWith('x-forwarded-') || name.startsWith('sec-')

/** The names that a Connection header lists, which then are hop-by-hop as well. */
const listed = (connection: string | null | undefined): readonly string[] => {
  if (connection === null || connection === undefined) return []
  return connection
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
}

/** The head of the request to a backend, up to and with the empty line; in latin1, a character for every byte of the client's. */
export const requestHead = ({ endpoint, lease, headers, body, requestId }: RelayRequest): string => {
  const { origin, backend } = lease
  const { withheldHeaders } = backend
  const dropped = listed(headers.get('connection'))
  let head = `${endpoint.method} ${endpoint.backendPath} HTTP/1.1\r\nhost: ${origin.slice(origin.indexOf('//') + 2)}\r\n`
  headers.forEach((name, value) => {
    if (!staysHere(name) && !withheldHeaders.has(name) && !dropped.includes(name)) head += `${name}: ${value}\r\n`
  })
  return `${head}x-request-id: ${requestId}\r\ncontent-length: ${body.bytes}\r\n\r\n`
}

/** Heads that a backend repeats are one object, so that their headers are filtered once. */
const filtered = new WeakMap<ResponseHead, string>()

const fieldName = /^[!#$%&'*+.^_`|~\w-]+$/
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what no header may hold
const control = /[\0-\x08\x0a-\x1f\x7f]/

/**
 * The headers of a backend's answer that the client gets, as lines.
 * @throws MalformedResponse when they are none
 */
export const answerHeaders = (head: ResponseHead): string => {
  const before = filtered.get(head)
  if (before !== undefined) return before
  const dropped = listed(head.headers.connection)
  let lines = ''
  for (const [name, value] of Object.entries(head.headers)) {
    if (notForClients.has(name) || name.startsWith('access-control-') || name.startsWith('proxy-')) continue
    if (dropped.includes(name)) continue
    if (!fieldName.test(name) || control.test(value)) throw new MalformedResponse('a header that HTTP does not allow')
    lines += `${name}: ${value}\r\n`
  }
  filtered.set(head, lines)
  return lines
}
