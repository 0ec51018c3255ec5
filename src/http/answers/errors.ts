/** The only place in the HTTP layer where an error becomes an answer (spec §4). */
import type { Dialect } from '../../contract/endpoints.ts'
import { dialects } from '../../dispatch/dialects/dialects.ts'
import { bounded } from '../../lib/bounded.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import type { Answer } from '../../lib/http/incoming.ts'
import { log } from '../../lib/log.ts'
import { securityLines } from './security-headers.ts'

/** The parts of a request for its log line. */
interface Asked {
  method: string
  url: string
}

/** The same, for an answer that says the request's id. */
interface Identified extends Asked {
  requestId: string
}

/** Logs the causes of server-side failures, which never go to the client: a bug with its stack trace, anything else in one line. */
const logCause = ({ cause, code, status }: Hal0Error, { method, url }: Asked): void => {
  if (status < 500 || cause === undefined) return
  const what = `${method} ${url} failed`
  if (code === 'internal') log.error(what, cause)
  else log.warn(`${what} (${code}): ${cause instanceof Error ? cause.message : String(cause)}`)
}

const errorHeaders = (error: Hal0Error): Record<string, string> => {
  const headers: Record<string, string> = { 'cache-control': 'no-store' }
  // OpenAI's clients honour both; otherwise they would repeat every 409, 429 and 5xx.
  if (error.retryAfterS !== null) headers['retry-after'] = String(Math.max(1, Math.ceil(error.retryAfterS)))
  if (error.code === 'auth.required') headers['www-authenticate'] = 'Bearer'
  if (error.retry === 'never') headers['x-should-retry'] = 'false'
  const allow = error.code === 'request.method_not_allowed' ? error.details.allow : undefined
  if (Array.isArray(allow)) headers.allow = allow.join(', ')
  return headers
}

/**
 * The error answer for any thrown value. Anything but a Hal0Error becomes `internal` with a fixed message.
 * @param request for the log line
 * @param dialect whose envelope the client expects
 */
export const errorResponse = (thrown: unknown, request: Asked, dialect: Dialect = 'openai'): Response => {
  const error = Hal0Error.from(thrown)
  logCause(error, request)
  return Response.json(dialects[dialect].errorBody(error), { status: error.status, headers: errorHeaders(error) })
}

/**
 * The same for requests that are answered without a Response.
 * @param dialect whose envelope the client expects
 */
export const sendError = (answer: Answer, thrown: unknown, request: Identified, dialect: Dialect = 'openai'): void => {
  const error = Hal0Error.from(thrown)
  logCause(error, request)
  let lines = 'content-type: application/json;charset=utf-8\r\n'
  for (const [name, value] of Object.entries(errorHeaders(error))) lines += `${name}: ${value}\r\n`
  answer.send(
    error.status,
    `${lines}${securityLines}x-request-id: ${request.requestId}\r\n`,
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
