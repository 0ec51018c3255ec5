import { afterEach, expect, test } from 'bun:test'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Hal0Error } from '../../../src/lib/hal0-error.ts'
import { Engines } from '../../../src/providers/engines/engines.ts'
import { configFile, enginesDir, findPaths } from '../../../src/system/paths.ts'
import { testWith } from '../../support/part.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { type FakeIndex, fakeIndex, fakeMembers, makeWheel, wheelName } from './fake-index.ts'

const indexes: FakeIndex[] = []
afterEach(() => {
  for (const index of indexes.splice(0)) index.stop()
})

const house = (env: Record<string, string> = {}) => {
  const root = tempDir()
  const paths = findPaths({ HAL0_ROOT: root }, false)
  mkdirSync(paths.config, { recursive: true })
  const engines = new Engines(paths, { PATH: join(root, 'bin'), ...env })
  const file = configFile(paths)
  const dir = enginesDir(paths)
  /** As an installation would leave it. */
  const put = (id: string, installed_at: string) => {
    const path = makeProgram(join(dir, id), 'llama-server')
    const manifest = {
      id,
      provider: 'llama.cpp',
      source: 'pypi',
      version: '1',
      path: 'llama-server',
      opens_port_late: true,
      installed_at,
    }
    writeFileSync(join(dir, id, 'engine.json'), JSON.stringify(manifest))
    return path
  }
  return { root, engines, file, dir, put }
}

const makeProgram = (folder: string, name: string): string => {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, name)
  writeFileSync(path, '#!/bin/sh\n')
  chmodSync(path, 0o755)
  return path
}

const failure = async (work: Promise<unknown>) =>
  await work.then(
    () => null,
    (error: unknown) => error as Hal0Error,
  )

test('with nothing anywhere, the error says the command that mends it', async () => {
  const error = await failure(house().engines.find('llama.cpp', null))
  expect(error?.code).toBe('engine.not_installed')
  expect(error?.message).toBe('No llama.cpp engine is installed. Run: hal0 engine install llama.cpp --source pypi')
})

test('the order is: the slot, hal0.toml, the engine installed last, PATH', async () => {
  const { root, engines, file, put } = house()
  const find = async (setting: string | null = null) => (await engines.find('llama.cpp', setting)).path
  const onPath = makeProgram(join(root, 'bin'), 'llama-server')
  expect(await find()).toBe(onPath)
  const older = put('llama.cpp-pypi-2', '2026-01-01T00:00:00.000Z')
  const newer = put('llama.cpp-pypi-1', '2026-02-01T00:00:00.000Z')
  expect(await find()).toBe(newer)
  writeFileSync(file, '[engines]\n"llama.cpp" = "llama.cpp-pypi-2"\n')
  expect(await find()).toBe(older)
  const own = makeProgram(join(root, 'mine'), 'llama-server')
  expect(await find(own)).toBe(own)
  expect(await find('llama.cpp-pypi-1')).toBe(newer)
})

test.each([
  ['the slot', '/nowhere/llama-server'],
  ['the slot', 'llama.cpp-pypi-9'],
  ['hal0.toml', '/nowhere/llama-server'],
  ['hal0.toml', 'llama.cpp-pypi-9'],
])('what %s names (%s) and is not there is an error, not passed over', async (where, value) => {
  const { engines, file, put } = house()
  put('llama.cpp-pypi-1', '2026-01-01T00:00:00.000Z')
  if (where === 'hal0.toml') writeFileSync(file, `[engines]\n"llama.cpp" = "${value}"\n`)
  const error = await failure(engines.find('llama.cpp', where === 'hal0.toml' ? null : value))
  expect(error?.code).toBe('engine.not_installed')
  expect(error?.message).toContain(value)
  expect(error?.message).toContain(where === 'hal0.toml' ? file : "the slot's engine setting")
})

test('a file that may not be executed, and a folder, are no engines', async () => {
  const { root, engines } = house()
  const path = makeProgram(join(root, 'x'), 'llama-server')
  chmodSync(path, 0o644)
  expect((await failure(engines.find('llama.cpp', path)))?.code).toBe('engine.not_installed')
  expect((await failure(engines.find('llama.cpp', root)))?.code).toBe('engine.not_installed')
})

test.each(['engines = 5', '[engines]\n"llama.cpp" = 5'])(
  'a hal0.toml of the wrong shape (%j) is config.invalid',
  async (text) => {
    const { engines, file } = house()
    writeFileSync(file, text)
    const error = await failure(engines.find('llama.cpp', null))
    expect(error?.code).toBe('config.invalid')
    expect(error?.message).toContain(file)
  },
)

test('the list has every engine once, the default marked, leftovers left out', async () => {
  const { root, engines, file, dir, put } = house()
  const installed = put('llama.cpp-pypi-1', '2026-01-01T00:00:00.000Z')
  makeProgram(join(dir, 'llama.cpp-pypi-torn'), 'llama-server')
  const onPath = makeProgram(join(root, 'bin'), 'llama-server')
  const own = makeProgram(join(root, 'mine'), 'llama-server')
  writeFileSync(file, `[engines]\n"llama.cpp" = "${own}"\n`)
  const list = await engines.list()
  expect(list.map((engine) => [engine.path, engine.source, engine.default])).toEqual([
    [installed, 'pypi', false],
    [own, 'config', true],
    [onPath, 'system', false],
  ])
})

test('use keeps the comments and the other keys of hal0.toml', async () => {
  const { engines, file, put } = house()
  put('llama.cpp-pypi-1', '2026-01-01T00:00:00.000Z')
  writeFileSync(file, '# mine\nport = 8080 # here\n\n[engines] # these\nflm = "/usr/bin/flm" # npu\n')
  expect(await engines.use({ provider: 'llama.cpp', engine: 'llama.cpp-pypi-1' })).toMatchObject({ default: true })
  const text = readFileSync(file, 'utf8')
  for (const kept of ['# mine', 'port = 8080 # here', '# these', 'flm = "/usr/bin/flm" # npu'])
    expect(text).toContain(kept)
  expect((await engines.list()).find((engine) => engine.default)?.id).toBe('llama.cpp-pypi-1')
})

test.each(['llama.cpp-pypi-9', '/nowhere', 'relative/llama-server', '../../etc'])('use refuses %s', async (engine) => {
  const { engines, file } = house()
  expect((await failure(engines.use({ provider: 'llama.cpp', engine })))?.code).toBe('engine.not_found')
  expect(existsSync(file)).toBe(false)
})

test('remove refuses what hal0.toml names, by id or by path, and takes the rest away whole', async () => {
  const { engines, file, dir, put } = house()
  const path = put('llama.cpp-pypi-1', '2026-01-01T00:00:00.000Z')
  for (const value of ['llama.cpp-pypi-1', path]) {
    writeFileSync(file, `[engines]\n"llama.cpp" = "${value}"\n`)
    expect((await failure(engines.remove('llama.cpp-pypi-1')))?.code).toBe('engine.in_use')
  }
  writeFileSync(file, '')
  await engines.remove('llama.cpp-pypi-1')
  expect(readdirSync(dir)).toEqual([])
  expect((await failure(engines.remove('llama.cpp-pypi-1')))?.code).toBe('engine.not_found')
  expect((await failure(engines.remove('../../..')))?.code).toBe('engine.not_found')
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
  'installs the newest, answers it again without a download, and works after the data folder moved',
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
  const other = new Engines(findPaths({ HAL0_ROOT: root }, false), { PATH: path, PIP_INDEX_URL: index.url })
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

test('an engine reached through a link outside of the engines is known by its path', async () => {
  const { root, engines, put } = house()
  const link = join(root, 'link')
  symlinkSync(put('llama.cpp-pypi-1', '2026-01-01T00:00:00.000Z'), link)
  expect(await engines.find('llama.cpp', link)).toMatchObject({ id: link, source: 'path' })
})
