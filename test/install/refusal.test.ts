/** Who may set up what, and where. */
import { expect, test } from 'bun:test'
import { requireInstalled, setupRefusal } from '../../src/install/refusal.ts'

const root = { isRoot: true, isCompiled: true, hasManager: true, root: '', user: 'root' }
const ann = { ...root, isRoot: false, user: 'ann' }

test('root sets up the machine, a user their own installation', () => {
  expect(setupRefusal('system', root)).toBeNull()
  expect(setupRefusal('user', ann)).toBeNull()
})

test('a user is told both ways, and root is told that --user is not for root', () => {
  const message = setupRefusal('system', ann)?.message ?? ''
  expect(message).toContain('sudo hal0 setup')
  expect(message).toContain('hal0 setup --user')
  expect(setupRefusal('user', root)?.message).toContain('hal0 setup')
})

test('without systemd another way to run hal0 is named, and without a session lingering is', () => {
  expect(setupRefusal('system', { ...root, hasManager: false })?.message).toContain('hal0 serve')
  expect(setupRefusal('user', { ...ann, hasManager: false })?.message).toContain('loginctl enable-linger ann')
})

test('from source, or with HAL0_ROOT, nothing is installed', () => {
  expect(setupRefusal('system', { ...root, isCompiled: false })?.code).toBe('install.refused')
  expect(setupRefusal('system', { ...root, root: '/srv/try' })?.message).toContain('HAL0_ROOT')
  expect(setupRefusal('system', { ...root, root: '/' })).toBeNull()
})

test('doctor and uninstall are for the owner of the installation', () => {
  expect(() => requireInstalled('doctor', true, { system: false, own: false })).not.toThrow()
  expect(() => requireInstalled('doctor', false, { system: true, own: true })).not.toThrow()
  expect(() => requireInstalled('doctor', false, { system: true, own: false })).toThrow('sudo hal0 doctor')
  expect(() => requireInstalled('doctor', false, { system: false, own: false })).toThrow('hal0 setup --user')
})
