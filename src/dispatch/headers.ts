/** Which headers pass the relay, in both directions. */

import type { ResponseHead } from './upstream/response-head.ts'

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
  // llama.cpp does not cancel a request that has one when its client hangs up, and hal0 promises that it does.
  'x-conversation-id',
])

const notForClients = new Set([
  ...hopByHop,
  // Set anew from the body.
  'content-length',
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

/** The head of the request to a backend, up to and with the empty line. */
export const requestHead = (
  path: string,
  origin: string,
  client: Headers,
  bodyBytes: number,
  requestId: string,
): string => {
  const dropped = listed(client.get('connection'))
  let head = `POST ${path} HTTP/1.1\r\nhost: ${origin.slice(origin.indexOf('//') + 2)}\r\n`
  // Not forEach, which sorts them and calls back into JavaScript for each.
  const headers = client.toJSON()
  for (const name in headers) {
    if (!staysHere(name) && !dropped.includes(name)) head += `${name}: ${headers[name]}\r\n`
  }
  return `${head}x-request-id: ${requestId}\r\ncontent-length: ${bodyBytes}\r\n\r\n`
}

/** Heads that a backend repeats are one object, so that their headers are filtered once. */
const filtered = new WeakMap<ResponseHead, Headers>()

/**
 * The headers of a backend's answer that the client gets: one object for all equal answers, to be copied by a Response.
 * @param add more of them, the same for every answer
 * @throws TypeError when they are none
 */
export const answerHeaders = (head: ResponseHead, add: (headers: Headers) => void): Headers => {
  const before = filtered.get(head)
  if (before !== undefined) return before
  const dropped = listed(head.headers.connection)
  const headers = new Headers()
  for (const [name, value] of Object.entries(head.headers)) {
    if (notForClients.has(name) || name.startsWith('access-control-') || name.startsWith('proxy-')) continue
    if (!dropped.includes(name)) headers.set(name, value)
  }
  add(headers)
  filtered.set(head, headers)
  return headers
}
