/**
 * Identifies the caller (spec §8), and refuses what the caller may not do. Only this file knows how callers authenticate. Pure: the
 * keys and sessions are looked up by functions that are given to it.
 */
import { isIP } from 'node:net'
import { allows, type Caller, type GrantedScope, type Priority, type Scope } from '../../contract/caller.ts'
import type { AuthMode } from '../../contract/config.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import type { IncomingRequest } from '../../lib/http/incoming.ts'
import type { WireHeaders } from '../../lib/http/wire-headers.ts'
import { isLoopbackAddress, isLoopbackName } from './names.ts'
import { sessionTokenIn } from './session-cookie.ts'

/** What is known about a request before its caller is. */
export interface Evidence extends Pick<IncomingRequest, 'peer' | 'overSocket'> {
  headers: Pick<WireHeaders, 'get' | 'hasNamePrefix'>
}

export type FindCaller = (request: Evidence) => Caller

/** What a key or a session allows. */
export interface Grant {
  name: string | null
  scope: GrantedScope
  slots: readonly string[] | null
  priority: Priority | null
}

export interface CallerRules {
  auth: AuthMode
  /** What a program on this machine may do without a key, where `auth` is auto. */
  local: GrantedScope
  /** The addresses of reverse proxies whose X-Forwarded headers count. */
  proxies: readonly string[]
  /** The key that a secret is; null: none that is valid. */
  keyOf(secret: string): Grant | null
  /** The session that a cookie's token is; null: none that goes on. */
  sessionOf(token: string): Grant | null
  /** Whether a text was meant as a key of hal0. */
  isMeantAsKey(text: string): boolean
}

/** The prefix of an IPv4 address on an IPv6 socket. */
const mapped = '::ffff:'
const plainAddress = (peer: string): string => (peer.startsWith(mapped) ? peer.slice(mapped.length) : peer)

/** The key that a request shows; null: none. What is in the URL does not count: URLs are written into logs. */
const shownKey = ({ headers }: Evidence): string | null => {
  const [, bearer] = /^bearer +(\S+)$/i.exec(headers.get('authorization') ?? '') ?? []
  return bearer ?? headers.get('x-api-key')
}

/** Whether a proxy says that it has passed the request on for somebody else. */
const isForwarded = ({ headers }: Evidence): boolean =>
  headers.get('forwarded') !== null ||
  headers.get('via') !== null ||
  headers.get('x-real-ip') !== null ||
  headers.hasNamePrefix('x-forwarded-')

/** Whether the request comes from a proxy whose headers count. */
const isFromProxy = ({ peer, overSocket }: Evidence, proxies: readonly string[]): boolean =>
  !overSocket && proxies.length > 0 && proxies.includes(plainAddress(peer))

/** The client's address: as a proxy that counts says it, or that of the peer. */
const addressOf = (request: Evidence, proxies: readonly string[]): string => {
  const peer = plainAddress(request.peer)
  if (!isFromProxy(request, proxies)) return peer
  const hops = (request.headers.get('x-forwarded-for') ?? '').split(',').map((hop) => plainAddress(hop.trim()))
  // Each proxy appends whom it saw: the last one that is no proxy of ours is the client.
  const client = hops.findLast((hop) => !proxies.includes(hop))
  return client !== undefined && isIP(client) > 0 ? client : peer
}

/** Whether the client spoke TLS with a proxy whose headers count. */
export const cameByTls = (request: Evidence, { proxies }: Pick<CallerRules, 'proxies'>): boolean =>
  isFromProxy(request, proxies) && request.headers.get('x-forwarded-proto')?.trim().toLowerCase() === 'https'

/** A program on this machine: its address and the host that it asked for are loopback, and no proxy has passed it on. */
const isLocal = (request: Evidence, proxies: readonly string[]): boolean =>
  !request.overSocket &&
  isLoopbackAddress(request.peer) &&
  !isFromProxy(request, proxies) &&
  !isForwarded(request) &&
  isLoopbackName(request.headers.get('host') ?? '')

const granted = (kind: 'key' | 'session', { name, scope, slots, priority }: Grant, address: string): Caller => ({
  kind,
  name,
  address,
  scope,
  slots,
  ...(priority === null ? {} : { priority }),
})

/**
 * The caller of a request. Whoever shows nothing that counts is `anyone`, whose scope says what that is good for.
 * A wrong key is never overlooked, wherever it comes from; other texts in its place are, since many programs insist on sending one.
 */
export const findCallerBy =
  (rules: CallerRules): FindCaller =>
  (request) => {
    const { auth, proxies } = rules
    const address = addressOf(request, proxies)
    const nobody = (flaw: string): Caller => ({ kind: 'anyone', name: null, address, scope: 'none', slots: null, flaw })
    const shown = shownKey(request)
    if (shown !== null && rules.isMeantAsKey(shown)) {
      const key = rules.keyOf(shown)
      return key === null
        ? nobody('This key is not valid: it is wrong, was revoked, or has expired.')
        : granted('key', key, address)
    }
    const token = sessionTokenIn(request.headers.get('cookie'))
    const session = token === null ? null : rules.sessionOf(token)
    if (session !== null) return granted('session', session, address)
    const plain = { name: null, address, slots: null } as const
    if (request.overSocket && !isForwarded(request)) return { ...plain, kind: 'socket', scope: 'admin' }
    if (auth !== 'keys' && isLocal(request, proxies)) {
      return { ...plain, kind: 'local', scope: auth === 'open' ? 'admin' : rules.local }
    }
    if (auth === 'open') return { ...plain, kind: 'anyone', scope: 'admin' }
    if (shown !== null) return nobody('What this request shows is not a key of hal0: those begin with hal0_.')
    if (isForwarded(request)) return nobody('A proxy has passed this request on, and then hal0 asks for a key.')
    return nobody('hal0 asks for a key here.')
  }

/** What whoever may not do this can do, by how they came. */
const wayOut = ({ kind }: Caller, scope: Scope): string =>
  kind === 'local'
    ? `Use the command line as root or as a member of the group hal0 (sudo hal0 …), or make a key: sudo hal0 key create NAME --scope ${scope}`
    : `Ask with a key that has it: hal0 key create NAME --scope ${scope}`

const owner = ({ kind, name }: Caller): string => {
  if (name !== null) return `"${name}" has`
  return kind === 'local' ? 'programs on this machine have' : 'you have'
}

/** @returns null if `caller` has `scope`, otherwise `auth.required` or `auth.forbidden` */
export const forbidden = (caller: Caller, scope: Scope): Hal0Error | null => {
  if (allows(caller, scope)) return null
  if (caller.scope === 'none') {
    return new Hal0Error(
      'auth.required',
      `${caller.flaw ?? 'hal0 asks for a key here.'} Make one on the machine of hal0: hal0 key create NAME --scope ${scope}. Send it as "Authorization: Bearer KEY" or x-api-key.`,
      { details: { scope } },
    )
  }
  return new Hal0Error(
    'auth.forbidden',
    `This needs the scope ${scope}, and ${owner(caller)} the scope ${caller.scope}. ${wayOut(caller, scope)}`,
    { details: { scope, granted: caller.scope } },
  )
}
