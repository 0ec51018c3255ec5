import { afterEach, expect, test } from 'bun:test'
import { readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { Engines } from '../../../src/providers/engines/engines.ts'
import { findPaths } from '../../../src/system/paths.ts'
import { type FakeIndex, fakeIndex, fakeMembers, makeWheel, wheelName } from '../../support/fake-index.ts'
import { testWith } from '../../support/part.ts'
import { engineKinds } from '../../support/slot-config.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { failure, house, makeProgram } from './house.ts'

const indexes: FakeIndex[] = []
afterEach(() => {
  for (const index of indexes.splice(0)) index.stop()
})

const withPython = testWith('python3 on PATH', Bun.which('python3') !== null)
const path = process.env.PATH ?? ''

const shop = (versions: string[], extra: Record<string, string> = {}) => {
  const folder = tempDir()
  const files = versions.map((version) => ({
    name: wheelName(version),
    content: makeWheel(folder, { ...fakeMembers(version), ...extra }),
  }))
  const index = fakeIndex(files)
  indexes.push(index)
  return { index, ...house({ PATH: path, PIP_INDEX_URL: index.url }) }
}
const pypi = { provider: 'llama.cpp', source: 'pypi' } as const

withPython(
  'installs the newest, returns it again without a download, and works after the data folder has moved',
  async () => {
    const { root, engines, index, dir } = shop(['1.9', '1.10'])
    const said: string[] = []
    const engine = await engines.install(pypi, (sentence) => said.push(sentence))
    expect(engine).toMatchObject({
      id: 'llama.cpp-pypi-1.10',
      version: '1.10',
      default: true,
      path: join(dir, 'llama.cpp-pypi-1.10', 'llama-server'),
    })
    expect(said).toHaveLength(4)
    expect((await engines.install(pypi)).id).toBe(engine.id)
    expect(index.seen.filter((request) => request.path.startsWith('/files/'))).toHaveLength(1)
    expect(readdirSync(dir)).toEqual([engine.id])
    const moved = `${root}/moved`
    renameSync(join(dir, engine.id), moved)
    expect(Bun.spawnSync([join(moved, 'llama-server'), '--version']).stdout.toString()).toContain('xllamacpp 1.10')
  },
)

withPython('installs at once are one installation, also of two daemons', async () => {
  const { engines, index, root, dir } = shop(['1.0'])
  const other = new Engines(
    findPaths({ HAL0_ROOT: root }, false),
    { PATH: path, PIP_INDEX_URL: index.url },
    engineKinds,
  )
  const all = await Promise.all([engines.install(pypi), engines.install(pypi), other.install(pypi)])
  expect(new Set(all.map((engine) => engine.path)).size).toBe(1)
  expect(readdirSync(dir)).toEqual(['llama.cpp-pypi-1.0'])
})

withPython('sweeps what interrupted installations left, and builds over a folder without a manifest', async () => {
  const { engines, dir } = shop(['1.0'])
  for (const name of [
    'llama.cpp-pypi-1.0',
    '.removed-00ff',
    `.installing-${process.pid}-00ff`,
    '.installing-4194303-00ff',
  ]) {
    makeProgram(join(dir, name), 'llama-server')
  }
  expect((await engines.install(pypi)).id).toBe('llama.cpp-pypi-1.0')
  expect(readdirSync(dir)).toEqual(['llama.cpp-pypi-1.0'])
})

for (const [what, members] of [
  ['climbs out of its folder', { '../evil.py': 'x' }],
  ['has an absolute member', { '/tmp/evil.py': 'x' }],
  ['does not run', { 'xllamacpp/__init__.py': 'raise ImportError("no such machine")' }],
] as [string, Record<string, string>][]) {
  withPython(`a wheel that ${what} leaves nothing behind`, async () => {
    const { engines, dir } = shop(['1.0'], members)
    const error = await failure(engines.install(pypi))
    expect(error?.code).toBe('engine.install_failed')
    expect(readdirSync(dir)).toEqual([])
  })
}

withPython('a version that the index does not have is refused by name', async () => {
  const { engines } = shop(['1.0'])
  expect((await failure(engines.install({ ...pypi, version: '7.7' })))?.message).toContain('no wheel of xllamacpp 7.7')
})

test('without Python the error says what to install', async () => {
  const index = fakeIndex([])
  indexes.push(index)
  const { engines } = house({ PIP_INDEX_URL: index.url })
  const error = await failure(engines.install(pypi))
  expect(error?.code).toBe('engine.install_failed')
  expect(error?.message).toContain('apt install python3')
})
