/** Which headers pass the relay, in both directions. */
import { isJson } from '../body/content-type.ts'
import { MalformedResponse, type ResponseHead } from '../upstream/response-head.ts'
import type { RelayRequest } from './relay-request.ts'

/** RFC 9110 §7.6.1: these headers are about one connection, not about the message. */
const hopByHop = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade']

const notForBackends = new Set([
  ...hopByHop,
  // The relay sets its own.
  'host',
  'content-length',
  'expect',
  'x-request-id',
  // Credentials of the client: hal0 has checked them, and a backend does not need them.
  'authorization',
  'cookie',
  'x-api-key',
  'api-key',
  'forwarded',
  // For hal0 itself.
  'x-hal0-priority',
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
  // What would give a backend rights in the pages of hal0, which have the same origin.
  'content-security-policy',
  'service-worker-allowed',
  'clear-site-data',
  'refresh',
])

/** Whether a header of the client is not passed on; `name` in lower case. */
const staysHere = (name: string): boolean =>
  notForBackends.has(name) || name.startsWith('proxy-') || name.startsWith('x-forwarded-') || name.startsWith('sec-')

/** The names listed in a Connection header, which are hop-by-hop as well. */
const listed = (connection: string | null | undefined): readonly string[] => {
  if (connection === null || connection === undefined) return []
  return connection
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
}

/**
 * The content type to send where the client's is not that of its body: hal0 takes JSON that is called a form (curl -d) or nothing, but
 * not every backend does. null: the client's.
 */
const typeInstead = ({ endpoint, headers }: RelayRequest): string | null =>
  endpoint.model !== 'json' || isJson(headers.get('content-type') ?? '') ? null : 'application/json'

/** The head of the request to a backend, including the empty line; in latin1, with one character for each byte from the client. */
export const requestHead = (request: RelayRequest): string => {
  const { endpoint, lease, headers, body, requestId } = request
  const { origin, key, backend } = lease
  const { withheldHeaders } = backend
  const dropped = listed(headers.get('connection'))
  let head = `${endpoint.method} ${endpoint.backendPath} HTTP/1.1\r\nhost: ${origin.slice(origin.indexOf('//') + 2)}\r\n`
  const type = typeInstead(request)
  if (key !== null) head += `authorization: Bearer ${key}\r\n`
  if (type !== null) head += `content-type: ${type}\r\n`
  headers.forEach((name, value) => {
    if (type !== null && name === 'content-type') return
    if (!staysHere(name) && !withheldHeaders.has(name) && !dropped.includes(name)) head += `${name}: ${value}\r\n`
  })
  return `${head}x-request-id: ${requestId}\r\ncontent-length: ${body.bytes}\r\n\r\n`
}

/** Repeated heads of a backend are one object, so that their headers are filtered only once. */
const filtered = new WeakMap<ResponseHead, string>()

const fieldName = /^[!#$%&'*+.^_`|~\w-]+$/
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what no header may hold
const control = /[\0-\x08\x0a-\x1f\x7f]/

/**
 * The headers of a backend's answer that are passed on, as lines.
 * @throws MalformedResponse when they are invalid
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
