import { expect, test } from 'bun:test'
import { loopbackDirect } from '../../../src/system/config/no-proxy.ts'

const loopback = '127.0.0.1,localhost,::1'

test.each([
  [{}, loopback],
  [{ no_proxy: 'nas.lan' }, `nas.lan,${loopback}`],
  [{ NO_PROXY: 'nas.lan, .home' }, `nas.lan,.home,${loopback}`],
  [{ no_proxy: 'a', NO_PROXY: 'b,a,localhost' }, 'a,b,localhost,127.0.0.1,::1'],
  [{ no_proxy: '' }, loopback],
])('for %o both spellings name every host that was named, and this machine', (env: Record<string, string>, list) => {
  expect(loopbackDirect(env)).toEqual({ no_proxy: list, NO_PROXY: list })
})
