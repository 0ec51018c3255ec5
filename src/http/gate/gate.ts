/**
 * Decides who may talk to the daemon, and identifies the caller. hal0 is in a home network, where an attacker can come in through the
 * browser of somebody who is let in: a hostile page may send requests to it (cross-site), or make its own name resolve to the daemon's
 * address (DNS rebinding). The check of the origin stops the first, the list of hosts stops the second.
 *
 * The content type does not count: some clients outside a browser send JSON as a form (curl -d) or as nothing in particular. A page
 * may send such a body without asking first (no preflight), but every browser says where it comes from.
 */
import type { Caller } from '../../contract/caller.ts'
import { slotOfUpstream } from '../../dispatch/upstream/slot-upstream.ts'
import { bounded } from '../../lib/bounded.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import type { IncomingRequest } from '../../lib/http/incoming.ts'
import type { Evidence, FindCaller } from './callers.ts'
import { configuredName, hostName, loopbackNames } from './names.ts'

export interface GateConfig {
  /** Host names that clients may use besides loopback: `allowed_hosts` of hal0.toml. A port in an entry is ignored. */
  allowedHosts: readonly string[]
  /** Names and addresses of this machine. They are looked up again for each host that was not met before. */
  ownNames: () => readonly string[]
  findCaller: FindCaller
}

/** The parts of a request that the gate checks. */
export interface AtGate extends Evidence, Pick<IncomingRequest, 'method' | 'target'> {}

/** @returns the caller, or why the request is refused */
export type Gate = (request: AtGate) => Caller | Hal0Error

/** Number of valid Host values (name, port, case) to remember; for others the pattern is matched again. */
const rememberedHosts = 64

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

const judgeUnsafe = (host: string, headers: AtGate['headers'], { kind }: Caller): Hal0Error | null => {
  const origin = headers.get('origin')
  if (origin !== null) {
    const from = origin.toLowerCase()
    const own = host.toLowerCase()
    if (from !== `http://${own}` && from !== `https://${own}`) return originRefused(origin)
  }
  const site = headers.get('sec-fetch-site')
  // Sessions are for browsers, all of which say where such a request comes from.
  if (kind === 'session' && origin === null && site === null) return originRefused('a page that is not named')
  return site !== null && site !== 'same-origin' && site !== 'none' ? originRefused(`a ${site} page`) : null
}

export const makeGate = ({ allowedHosts, ownNames, findCaller }: GateConfig): Gate => {
  const allowed = new Set([...loopbackNames, ...allowedHosts.map(configuredName)])
  const isOwn = (name: string): boolean => ownNames().some((own) => configuredName(own) === name)
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
      if (name === null || !(allowed.has(name) || isOwn(name))) return hostRefused(host)
      if (good.size >= rememberedHosts) good.clear()
      good.add(host)
    }
    const caller = findCaller(request)
    // No page has a key, unless somebody gave it one; a browser adds cookies, and being on this machine, by itself.
    const reads = (method === 'GET' || method === 'HEAD') && slotOfUpstream(request.target) === null
    // What a backend does at any of its paths, and whether a slot is loaded for it, no page elsewhere may begin.
    const isSafe = reads || caller.kind === 'key'
    return (isSafe ? null : judgeUnsafe(host, headers, caller)) ?? caller
  }
}
