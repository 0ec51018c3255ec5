/** Finders of callers for tests that are not about who asks. */
import type { Key } from '../../../src/contract/access/keys.ts'
import type { AccessService } from '../../../src/http/api/access/service.ts'
import type { FindCaller } from '../../../src/http/gate/callers.ts'

/** Everybody is `local`, and may do everything. */
export const localCaller: FindCaller = ({ peer }) => ({
  kind: 'local',
  name: null,
  address: peer.replace(/^::ffff:/, ''),
  scope: 'admin',
  slots: null,
})

const key: Key = {
  name: 'phone',
  prefix: 'hal0_abcde',
  scope: 'infer',
  slots: null,
  priority: null,
  requests_per_minute: null,
  tokens_per_day: null,
  created_at: '2026-01-01T00:00:00.000Z',
  expires_at: null,
  last_used_at: null,
  requests: 0,
  tokens: 0,
}
const expires_at = '2026-02-01T00:00:00.000Z'

/** Access that grants nothing of its own: a stand-in whose keys and sessions are good for nothing. */
export const openAccess = (findCaller: FindCaller = localCaller): AccessService => ({
  findCaller,
  ownNames: () => [],
  corsOrigins: [],
  keys: { list: () => [key], create: async () => ({ ...key, key: 'hal0_' }), revoke: async () => {} },
  sessions: {
    begin: () => ({ token: 'x', session: { name: null, scope: 'admin', expires_at } }),
    end() {},
    makeLink: () => ({ path: '/sign-in#x', expires_at }),
  },
  meter: { seen() {}, admit: () => null },
})
