import { expect, test } from 'bun:test'
import { chmodSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { failure, house, makeProgram } from './house.ts'

test('with nothing anywhere, the error names the command that fixes it', async () => {
  const error = await failure(house().engines.find('llama.cpp', null))
  expect(error?.code).toBe('engine.not_installed')
  expect(error?.message).toBe('No llama.cpp engine is installed. Run: hal0 engine install llama.cpp --source pypi')
})

test('the order is: the slot, hal0.toml, the most recently installed engine, PATH', async () => {
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
])('a missing engine that %s names (%s) is an error, and is not ignored', async (where, value) => {
  const { engines, file, put } = house()
  put('llama.cpp-pypi-1', '2026-01-01T00:00:00.000Z')
  if (where === 'hal0.toml') writeFileSync(file, `[engines]\n"llama.cpp" = "${value}"\n`)
  const error = await failure(engines.find('llama.cpp', where === 'hal0.toml' ? null : value))
  expect(error?.code).toBe('engine.not_installed')
  expect(error?.message).toContain(value)
  expect(error?.message).toContain(where === 'hal0.toml' ? file : "the slot's engine setting")
})

test('a file that may not be executed, and a folder, are not engines', async () => {
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

test('remove refuses what hal0.toml names, by id or by path, and removes everything else completely', async () => {
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

test('an engine reached through a link outside of the engines is known by its path', async () => {
  const { root, engines, put } = house()
  const link = join(root, 'link')
  symlinkSync(put('llama.cpp-pypi-1', '2026-01-01T00:00:00.000Z'), link)
  expect(await engines.find('llama.cpp', link)).toMatchObject({ id: link, source: 'path' })
})
