/**
 * Decides who may talk to the daemon, and identifies the caller. hal0 has no login yet and is in a home network, so an attacker can
 * come in through the browser: a hostile page may send requests to it (cross-site), or make its own name resolve to the daemon's
 * address (DNS rebinding). The checks of origin and content type stop the first, the list of hosts stops the second.
 */
import type { Caller } from '../../contract/caller.ts'
import type { ModelPlace } from '../../contract/endpoints.ts'
import { bounded } from '../../lib/bounded.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import type { IncomingRequest } from '../../lib/http/incoming.ts'
import type { WireHeaders } from '../../lib/http/wire-headers.ts'
import type { FindCaller } from './callers.ts'

export interface GateConfig {
  /** Host names that clients may use besides loopback: `allowed_hosts` of hal0.toml. A port in an entry is ignored. */
  allowedHosts: readonly string[]
  findCaller: FindCaller
}

/** The parts of a request that the gate checks. */
export interface AtGate extends Pick<IncomingRequest, 'method' | 'target' | 'peer'> {
  headers: Pick<WireHeaders, 'get' | 'has'>
}

/**
 * @param model where the requested endpoint has its model; null: it is not inference
 * @returns the caller, or why the request is refused
 */
export type Gate = (request: AtGate, model: ModelPlace | null) => Caller | Hal0Error

const loopback = ['localhost', '127.0.0.1', '[::1]']
const hostPattern = /^(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::(\d{1,5}))?$/i

/** The bodies that are let in. A foreign page needs a preflight to send JSON, but not to send a form: there only its Origin tells. */
interface BodyType {
  pattern: RegExp
  wanted: string
}
const json: BodyType = {
  pattern: /^application\/json *(?:;|$)/i,
  wanted: 'Send JSON with "Content-Type: application/json".',
}
const form: BodyType = {
  pattern: /^multipart\/form-data *;/i,
  wanted: 'Send a form with "Content-Type: multipart/form-data".',
}

/** Number of valid Host values (name, port, case) to remember; for others the pattern is matched again. */
const rememberedHosts = 64

/** The name in a Host header value, in lower case; null when it is not `name` or `name:port`. */
export const hostName = (host: string): string | null => {
  const [, name, port] = hostPattern.exec(host) ?? []
  if (name === undefined || Number(port ?? 0) > 65_535) return null
  return name.toLowerCase()
}

/** An entry of `allowed_hosts` as `hostName` would return it: without port, a bare IPv6 address in brackets. */
const configuredName = (entry: string): string => {
  const bare = entry.trim().toLowerCase()
  return hostName(bare) ?? (bare.includes(':') ? `[${bare}]` : bare)
}

/** Load balancers send HEAD, with HTTP/1.0 and without a Host. */
const asksForHealth = ({ method, target }: AtGate): boolean =>
  (method === 'GET' || method === 'HEAD') && /^\/api\/health\/?(?:\?|$)/.test(target)

/** Only HTTP/1.0 requests may come without a Host. */
const hostMissing = (): Hal0Error =>
  new Hal0Error(
    'host.not_allowed',
    'The request has no Host header, and without one hal0 only answers GET /api/health. Send "Host: localhost", or the name that hal0 is reached by.',
    { details: { host: null } },
  )

const hostRefused = (host: string): Hal0Error =>
  new Hal0Error(
    'host.not_allowed',
    `hal0 does not answer requests for host "${bounded(host, 100)}". To reach it under another name than localhost, add that name to allowed_hosts in hal0.toml and restart hal0.`,
    { details: { host } },
  )

const originRefused = (origin: string): Hal0Error =>
  new Hal0Error(
    'origin.not_allowed',
    `Requests that change something are only taken from hal0's own pages, not from ${bounded(origin, 100)}. Use the dashboard, the CLI or a client outside the browser.`,
    { details: { origin } },
  )

const wrongType = (type: string | null, { wanted }: BodyType): Hal0Error =>
  new Hal0Error(
    'request.invalid',
    `The request has ${type === null ? 'a body without a content type' : `the content type "${bounded(type, 100)}"`}. ${wanted}`,
    { param: 'content-type', status: 415 },
  )

const judgeUnsafe = (host: string, headers: AtGate['headers'], model: ModelPlace | null): Hal0Error | null => {
  const origin = headers.get('origin')
  if (origin !== null) {
    const from = origin.toLowerCase()
    const own = host.toLowerCase()
    if (from !== `http://${own}` && from !== `https://${own}`) return originRefused(origin)
  }
  const site = headers.get('sec-fetch-site')
  if (site !== null && site !== 'same-origin' && site !== 'none') return originRefused(`a ${site} page`)
  const bodyType = model === 'multipart' ? form : json
  const type = headers.get('content-type')
  if (type !== null) return bodyType.pattern.test(type) ? null : wrongType(type, bodyType)
  const length = headers.get('content-length') ?? '0'
  return length !== '0' || headers.has('transfer-encoding') ? wrongType(null, bodyType) : null
}

export const makeGate = ({ allowedHosts, findCaller }: GateConfig): Gate => {
  const allowed = new Set([...loopback, ...allowedHosts.map(configuredName)])
  const good = new Set<string>()
  return (request, model) => {
    const { method, headers } = request
    // Two Host headers arrive joined by a comma, which the pattern refuses.
    const host = headers.get('host')
    // A health check reveals nothing else, and HTTP/1.0 probes send no Host.
    if (host === null) return asksForHealth(request) ? findCaller(request) : hostMissing()
    if (host === '') return hostMissing()
    if (!good.has(host)) {
      const name = hostName(host)
      if (name === null || !allowed.has(name)) return hostRefused(host)
      if (good.size >= rememberedHosts) good.clear()
      good.add(host)
    }
    const refusal = method === 'GET' || method === 'HEAD' ? null : judgeUnsafe(host, headers, model)
    return refusal ?? findCaller(request)
  }
}
