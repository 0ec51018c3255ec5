/** The only place of the HTTP layer where an error becomes a Response (spec §4). */
import { codeRow } from '../contract/error.ts'
import { Hal0Error } from '../lib/hal0-error.ts'
import { log } from '../lib/log.ts'

/**
 * The enveloped answer for anything thrown. What is not a Hal0Error becomes `internal` with a fixed sentence; causes of
 * server-side failures go to the log, never to the client: a defect with its stack, what the world did (a hub that is not
 * reachable) in a line.
 * @param request for the log line
 */
export const errorResponse = (thrown: unknown, request: { method: string; url: string }): Response => {
  const error = Hal0Error.from(thrown)
  const { cause, code } = error
  if (error.status >= 500 && cause !== undefined) {
    const what = `${request.method} ${request.url} failed`
    if (code === 'internal') log.error(what, cause)
    else log.warn(`${what} (${code}): ${cause instanceof Error ? cause.message : String(cause)}`)
  }
  const headers: Record<string, string> = { 'cache-control': 'no-store' }
  // Both are honoured by OpenAI's clients, which else repeat every 409, 429 and 5xx.
  if (error.retryAfterS !== null) headers['retry-after'] = String(Math.max(1, Math.ceil(error.retryAfterS)))
  if (codeRow(error.code).retry === 'never') headers['x-should-retry'] = 'false'
  const allow = error.code === 'request.method_not_allowed' ? error.details.allow : undefined
  if (Array.isArray(allow)) headers.allow = allow.join(', ')
  return Response.json(error.envelope(), { status: error.status, headers })
}

/** A path that no route knows. */
export const routeNotFound = ({ method, url }: { method: string; url: string }): Hal0Error => {
  const path = url.replace(/^https?:\/\/[^/]*/, '').replace(/\?.*$/, '')
  return new Hal0Error('request.not_found', `There is no ${method} ${path} here. GET /docs lists what there is.`)
}
