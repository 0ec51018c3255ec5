import { expect, test } from 'bun:test'
import { serverSettings } from '../../../src/system/config/server-config.ts'
import { settingsTrial } from '../../../src/system/config/settings-trial.ts'
import { findPaths } from '../../../src/system/paths.ts'

test('a hal0 that listens at an address of the internet keeps the proxy that speaks TLS for it', () => {
  const attempt = settingsTrial(findPaths({}, true), { find: async () => {} }, null)
  const next = serverSettings({ host: '203.0.113.5' }, {})
  expect(attempt(next, { behind_proxy: [] })).rejects.toMatchObject({ code: 'config.invalid' })
  expect(attempt({ ...next, behindProxy: ['192.168.1.2'] }, { behind_proxy: ['192.168.1.2'] })).resolves.toBeUndefined()
})
