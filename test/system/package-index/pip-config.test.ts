import { expect, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { findIndexPlace } from '../../../src/system/package-index/index-place.ts'
import { parsePipConfig, pipConfigFiles } from '../../../src/system/package-index/pip-config.ts'
import { tempDir } from '../../support/temp-dir.ts'

const codes = {
  network: 'pull.network',
  absent: 'pull.not_found',
  refused: 'pull.unauthorized',
  checksum: 'pull.checksum_mismatch',
  setting: 'config.invalid',
} as const

const put = (path: string, text: string): string => {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  return path
}

/** A machine of its own: nothing of the one that the test runs on. */
const machine = () => {
  const root = tempDir()
  return { root, env: { XDG_CONFIG_DIRS: join(root, 'xdg'), HOME: join(root, 'home') } }
}

const rootOf = async (env: Record<string, string>): Promise<string> => (await findIndexPlace(env, codes)).root.href

test('the files are those of pip, and the user’s own come last', () => {
  expect(pipConfigFiles({ HOME: '/home/me' })).toEqual([
    '/etc/xdg/pip/pip.conf',
    '/etc/pip.conf',
    '/home/me/.pip/pip.conf',
    '/home/me/.config/pip/pip.conf',
  ])
  expect(pipConfigFiles({ HOME: '/home/me', PIP_CONFIG_FILE: '/x.conf' }).at(-1)).toBe('/x.conf')
  expect(pipConfigFiles({ HOME: '/home/me', PIP_CONFIG_FILE: '/x.conf' })).not.toContain('/home/me/.pip/pip.conf')
  expect(pipConfigFiles({ HOME: '/home/me', PIP_CONFIG_FILE: '/dev/null' })).toEqual([])
})

test.each([
  ['[global]\nindex-url = http://a/simple', 'http://a/simple'],
  ['[global]\nindex_url: http://a/simple\n', 'http://a/simple'],
  ['# words\n[global]\n; index-url = http://b\nINDEX-URL=http://a/simple', 'http://a/simple'],
  ['[global]\nindex-url =\n    http://a/simple\n    http://b/simple\n', 'http://a/simple'],
  ['index-url = http://b\n[freeze]\nindex-url = http://c', undefined],
])('%j names the index %p', (text, value) => {
  expect(parsePipConfig(text, 'f').get('global.index-url')?.value).toBe(value as string)
})

test('the section of pip install wins over [global], and the user’s file over that of all users', async () => {
  const { root, env } = machine()
  put(join(root, 'xdg/pip/pip.conf'), '[global]\nindex-url = http://all/simple\n')
  expect(await rootOf(env)).toBe('http://all/simple/')
  const own = put(join(root, 'home/.config/pip/pip.conf'), '[global]\nindex-url = http://mine/simple\n')
  expect(await rootOf(env)).toBe('http://mine/simple/')
  put(own, '[install]\nindex-url = http://install/simple\n[global]\nindex-url = http://mine/simple\n')
  expect(await rootOf(env)).toBe('http://install/simple/')
  expect(await rootOf({ ...env, PIP_INDEX_URL: 'http://variable/' })).toBe('http://variable/')
})

test('an unusable index or certificate is named by the file that states it', async () => {
  const { root, env } = machine()
  const own = put(join(root, 'home/.pip/pip.conf'), '[global]\nindex-url = nonsense\n')
  await expect(rootOf(env)).rejects.toThrow(`The package index that ${own} names is not an http or https URL.`)
  put(own, '[global]\ncert = /nowhere/ca.pem\n')
  await expect(rootOf({ ...env, PIP_CERT: '' })).rejects.toThrow(`${own} names /nowhere/ca.pem`)
})
