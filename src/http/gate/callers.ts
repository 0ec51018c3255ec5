/** Identifies the caller (spec §8), and refuses what the caller may not do. Only this file knows how callers authenticate. */
import { allows, type Caller, type Scope } from '../../contract/caller.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import type { IncomingRequest } from '../../lib/http/incoming.ts'
import type { WireHeaders } from '../../lib/http/wire-headers.ts'

/** Finds the caller by the headers and the origin of a request. */
export type FindCaller = (request: Pick<IncomingRequest, 'peer'> & { headers: Pick<WireHeaders, 'get'> }) => Caller

/** The prefix of an IPv4 address on an IPv6 socket. */
const mapped = '::ffff:'

/** hal0 has no keys yet: everybody who can reach it is `local`, and may do everything. */
export const localCaller: FindCaller = ({ peer }) => ({
  kind: 'local',
  name: null,
  address: peer.startsWith(mapped) ? peer.slice(mapped.length) : peer,
  scope: 'admin',
})

/** @returns null if `caller` has `scope`, otherwise `auth.forbidden` */
export const forbidden = (caller: Caller, scope: Scope): Hal0Error | null => {
  if (allows(caller, scope)) return null
  const who = caller.name === null ? 'you have' : `"${caller.name}" has`
  return new Hal0Error(
    'auth.forbidden',
    `This needs the scope ${scope}, and ${who} the scope ${caller.scope}. Ask with a key that has it: hal0 key create NAME --scope ${scope}`,
    { details: { scope, granted: caller.scope } },
  )
}
