/**
 * Decides who may talk to the daemon, and identifies the caller. hal0 has no login yet and is in a home network, so an attacker can
 * come in through the browser: a hostile page may send requests to it (cross-site), or make its own name resolve to the daemon's
 * address (DNS rebinding). The check of the origin stops the first, the list of hosts stops the second.
 *
 * The content type does not count: some clients outside a browser send JSON as a form (curl -d) or as nothing in particular. A page
 * may send such a body without asking first (no preflight), but every browser says where it comes from.
 */
import type { Caller } from '../../contract/caller.ts'
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
  headers: Pick<WireHeaders, 'get'>
}

/** @returns the caller, or why the request is refused */
export type Gate = (request: AtGate) => Caller | Hal0Error

const loopback = ['localhost', '127.0.0.1', '[::1]']
const hostPattern = /^(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::(\d{1,5}))?$/i

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

const judgeUnsafe = (host: string, headers: AtGate['headers']): Hal0Error | null => {
  const origin = headers.get('origin')
  if (origin !== null) {
    const from = origin.toLowerCase()
    const own = host.toLowerCase()
    if (from !== `http://${own}` && from !== `https://${own}`) return originRefused(origin)
  }
  const site = headers.get('sec-fetch-site')
  return site !== null && site !== 'same-origin' && site !== 'none' ? originRefused(`a ${site} page`) : null
}

export const makeGate = ({ allowedHosts, findCaller }: GateConfig): Gate => {
  const allowed = new Set([...loopback, ...allowedHosts.map(configuredName)])
  const good = new Set<string>()
  return (request) => {
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
    const refusal = method === 'GET' || method === 'HEAD' ? null : judgeUnsafe(host, headers)
    return refusal ?? findCaller(request)
  }
}
