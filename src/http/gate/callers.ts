/** Finds who asks (spec §8), and refuses what the caller may not do. The one place that knows how a caller shows who it is. */
import { allows, type Caller, type Scope } from '../../contract/caller.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import type { IncomingRequest } from '../../lib/http/incoming.ts'
import type { WireHeaders } from '../../lib/http/wire-headers.ts'

/** From what a request shows, and where it came from. */
export type FindCaller = (request: Pick<IncomingRequest, 'peer'> & { headers: Pick<WireHeaders, 'get'> }) => Caller

/** IPv4 as a socket of IPv6 shows it. */
const mapped = '::ffff:'

/** hal0 has no keys yet: whoever reaches it is `local`, and may do everything. */
export const localCaller: FindCaller = ({ peer }) => ({
  kind: 'local',
  name: null,
  address: peer.startsWith(mapped) ? peer.slice(mapped.length) : peer,
  scope: 'admin',
})

/** @returns null where `caller` may do what needs `scope`, else `auth.forbidden` */
export const forbidden = (caller: Caller, scope: Scope): Hal0Error | null => {
  if (allows(caller, scope)) return null
  const who = caller.name === null ? 'you have' : `"${caller.name}" has`
  return new Hal0Error(
    'auth.forbidden',
    `This needs the scope ${scope}, and ${who} the scope ${caller.scope}. Ask with a key that has it: hal0 key create NAME --scope ${scope}`,
    { details: { scope, granted: caller.scope } },
  )
}
