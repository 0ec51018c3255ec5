/** Owners and modes below hal0's folders, checked and fixed without following a link. */
import { expect, test } from 'bun:test'
import { chownSync, linkSync, lstatSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkOwners, readableMode } from '../../src/install/owned-tree.ts'
import { isHiddenFromSlots } from '../../src/system/systemd/slot-view.ts'
import { testWith } from '../support/part.ts'
import { tempDir } from '../support/temp-dir.ts'

const asRoot = testWith('root', process.getuid?.() === 0)
const rule = { uid: 4001, readers: 4002 }

const tree = () => {
  const root = tempDir()
  const models = join(root, 'models')
  mkdirSync(join(models, 'one'), { recursive: true })
  writeFileSync(join(models, 'one/a.gguf'), '', { mode: 0o600 })
  writeFileSync(join(models, 'one/tool'), '', { mode: 0o700 })
  writeFileSync(join(root, 'secret'), '', { mode: 0o600 })
  return { root, models }
}

test('the group may do what the owner may, except write', () => {
  expect(readableMode(0o100600, false)).toBe(0o640)
  expect(readableMode(0o100700, false)).toBe(0o750)
  expect(readableMode(0o040700, true)).toBe(0o2750)
})

asRoot('what breaks the rule is counted, mended once, and then right', async () => {
  const { models } = tree()
  expect(await checkOwners(models, rule, false, [])).toBe(3)
  expect(lstatSync(join(models, 'one/a.gguf')).uid).not.toBe(4001)
  expect(await checkOwners(models, rule, true, [])).toBe(3)
  const shown = (name: string): string => {
    const { uid, gid, mode } = statSync(join(models, name))
    return `${uid}:${gid} ${(mode & 0o7777).toString(8)}`
  }
  expect(shown('one')).toBe('4001:4002 2755')
  expect(shown('one/a.gguf')).toBe('4001:4002 640')
  expect(shown('one/tool')).toBe('4001:4002 750')
  expect(await checkOwners(models, rule, false, [])).toBe(0)
})

asRoot('what is for the owner alone is given to the owner, and to nobody else to read', async () => {
  const root = tempDir()
  mkdirSync(join(root, 'primary/captures'), { recursive: true })
  writeFileSync(join(root, 'primary/backend-key'), '', { mode: 0o600 })
  writeFileSync(join(root, 'primary/captures/1.json'), '', { mode: 0o600 })
  await checkOwners(root, { ...rule, ownerOnly: ['captures', 'backend-key'] }, true, [])
  expect(await checkOwners(root, { ...rule, ownerOnly: ['captures', 'backend-key'] }, false, [])).toBe(0)
  for (const name of ['backend-key', 'captures/1.json']) {
    const { uid, mode } = statSync(join(root, 'primary', name))
    expect([name, uid, (mode & 0o777).toString(8)]).toEqual([name, 4001, '600'])
  }
})

asRoot('what a link or a second name leads to is left alone', async () => {
  const { root, models } = tree()
  symlinkSync(join(root, 'secret'), join(models, 'one/link'))
  symlinkSync(root, join(models, 'folder'))
  linkSync(join(root, 'secret'), join(models, 'one/hard'))
  await checkOwners(models, rule, true, [])
  const { uid, mode } = statSync(join(root, 'secret'))
  expect([uid, mode & 0o777]).toEqual([0, 0o600])
  expect(statSync(root).uid).toBe(0)
})

asRoot('a folder that is itself a link is not entered', async () => {
  const { root, models } = tree()
  symlinkSync(models, join(root, 'elsewhere'))
  expect(await checkOwners(join(root, 'elsewhere'), rule, true, [])).toBe(0)
  expect(statSync(join(models, 'one')).uid).toBe(0)
})

asRoot('names with a rule of their own are skipped', async () => {
  const { root, models } = tree()
  chownSync(join(root, 'secret'), 4001, 0)
  expect(await checkOwners(root, { uid: 4001, readers: null }, false, ['models'])).toBe(0)
  expect(await checkOwners(models, { uid: 0, readers: null }, false, [])).toBe(0)
})

test('slots see models and engines, but neither homes nor the rest of the data', () => {
  const data = '/var/lib/hal0'
  const hidden = ['/home/ann/x', '/root/x', '/tmp/x', '/var/tmp/x', '/run/user/1/x', '/var/lib/hal0/hal0.db', '/home']
  expect(hidden.filter((path) => !isHiddenFromSlots(path, data))).toEqual([])
  const seen = ['/srv/x', '/opt/homes/x', '/var/lib/hal0/models/a/b', '/var/lib/hal0-other/x', '/homes/x']
  expect(seen.filter((path) => isHiddenFromSlots(path, data))).toEqual([])
})
