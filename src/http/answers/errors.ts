/** The only place of the HTTP layer where an error becomes an answer (spec §4). */
import type { Dialect } from '../../contract/endpoints.ts'
import { dialects } from '../../dispatch/dialects/dialects.ts'
import { bounded } from '../../lib/bounded.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import type { Answer } from '../../lib/http/incoming.ts'
import { log } from '../../lib/log.ts'
import { securityLines } from './security-headers.ts'

/** What of a request its log line names. */
interface Asked {
  method: string
  url: string
}

/** Causes of server-side failures go to the log, never to the client: a defect with its stack, what the world did in a line. */
const logCause = ({ cause, code, status }: Hal0Error, { method, url }: Asked): void => {
  if (status < 500 || cause === undefined) return
  const what = `${method} ${url} failed`
  if (code === 'internal') log.error(what, cause)
  else log.warn(`${what} (${code}): ${cause instanceof Error ? cause.message : String(cause)}`)
}

const errorHeaders = (error: Hal0Error): Record<string, string> => {
  const headers: Record<string, string> = { 'cache-control': 'no-store' }
  // Both are honoured by OpenAI's clients, which else repeat every 409, 429 and 5xx.
  if (error.retryAfterS !== null) headers['retry-after'] = String(Math.max(1, Math.ceil(error.retryAfterS)))
  if (error.retry === 'never') headers['x-should-retry'] = 'false'
  const allow = error.code === 'request.method_not_allowed' ? error.details.allow : undefined
  if (Array.isArray(allow)) headers.allow = allow.join(', ')
  return headers
}

/**
 * The enveloped answer for anything thrown. What is not a Hal0Error becomes `internal` with a fixed sentence.
 * @param request for the log line
 */
export const errorResponse = (thrown: unknown, request: Asked): Response => {
  const error = Hal0Error.from(thrown)
  logCause(error, request)
  return Response.json(error.envelope(), { status: error.status, headers: errorHeaders(error) })
}

/**
 * The same, sent where no Response is made.
 * @param more further header lines
 * @param dialect whose envelope the client reads
 */
export const sendError = (
  answer: Answer,
  thrown: unknown,
  request: Asked,
  more = '',
  dialect: Dialect = 'openai',
): void => {
  const error = Hal0Error.from(thrown)
  logCause(error, request)
  let lines = 'content-type: application/json;charset=utf-8\r\n'
  for (const [name, value] of Object.entries(errorHeaders(error))) lines += `${name}: ${value}\r\n`
  answer.send(
    error.status,
    lines + securityLines + more,
    Buffer.from(JSON.stringify(dialects[dialect].errorBody(error))),
  )
}

/** A path that no route knows. */
export const routeNotFound = ({ method, url }: { method: string; url: string }): Hal0Error => {
  const path = url.replace(/^https?:\/\/[^/]*/, '').replace(/\?.*$/, '')
  return new Hal0Error(
    'request.not_found',
    `There is no ${bounded(method, 20)} ${bounded(path, 100)} here. GET /docs lists what there is.`,
  )
}
