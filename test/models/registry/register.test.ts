/** How downloaded files are registered: an id never stands for other content than it says. */
import { expect, test } from 'bun:test'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Bus } from '../../../src/lib/async/bus.ts'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import { ModelRegistry } from '../../../src/models/registry/registry.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { until } from '../../support/until.ts'
import { commit, modelCalled, receive, registration } from './received.ts'

const setUp = async () => {
  const root = tempDir()
  const models = join(root, 'models')
  const registry = await ModelRegistry.open(models)
  return { root, models, registry }
}

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'done',
    (error) => Hal0Error.from(error).code,
  )

const wholeIds = async (registry: ModelRegistry): Promise<string[]> => {
  const whole: string[] = []
  for (const { id } of registry.list()) if ((await registry.verify(id)).ok) whole.push(id)
  return whole
}

/** Stand-in slots that run models, as the registry sees them. */
const fakeUse = (running: Record<string, string[]>) => ({
  runners: (ids: readonly string[]) =>
    Object.keys(running).filter((slot) => running[slot]?.some((model) => ids.includes(model))),
  freed: new Bus<string>(),
})

test('the first file of a name is where people look for it, and other content with that name is beside it', async () => {
  const { models, registry } = await setUp()
  const first = await registry.register(registration(models, 'a', modelCalled('old')))
  const moved = { revision: commit('b') }
  const second = await registry.register(registration(models, 'b', modelCalled('new'), moved))
  expect(first.files[0]?.path).toBe('acme--tiny-GGUF/tiny-Q8_0.gguf')
  expect(second.files[0]?.path).toBe('acme--tiny-GGUF/bbbbbbbbbbbb/tiny-Q8_0.gguf')
  expect(await wholeIds(registry)).toEqual(['a', 'b'])
  const sums = Bun.spawnSync(['sha256sum', '-c', 'tiny-Q8_0.gguf.sha256'], {
    cwd: join(models, 'acme--tiny-GGUF/bbbbbbbbbbbb'),
  })
  expect(sums.exitCode).toBe(0)
  await registry.remove('a', [])
  await registry.remove('b', [])
  expect(readdirSync(models).filter((name) => !name.startsWith('.pull'))).toEqual([])
})

test('two ids with the same content share a file, which stays until the last of them is removed', async () => {
  const { models, registry } = await setUp()
  for (const id of ['a', 'b']) await registry.register(registration(models, id, modelCalled('one')))
  expect(registry.get('b')?.files).toEqual(registry.get('a')?.files ?? [])
  await registry.remove('a', [])
  expect(await wholeIds(registry)).toEqual(['b'])
})

test('shards stay together if one of them differs from an existing file', async () => {
  const { models, registry } = await setUp()
  const shards = (second: string) =>
    [1, 2].map((no) => receive(models, `m-0000${no}-of-00002.gguf`, modelCalled(no === 1 ? 'first' : second)))
  await registry.register({ ...registration(models, 'a', modelCalled('x')), files: shards('second') })
  const moved = { revision: commit('b'), files: shards('another') }
  const entry = await registry.register(registration(models, 'b', modelCalled('x'), moved))
  expect(entry.files.map(({ path }) => path)).toEqual([
    'acme--tiny-GGUF/bbbbbbbbbbbb/m-00001-of-00002.gguf',
    'acme--tiny-GGUF/bbbbbbbbbbbb/m-00002-of-00002.gguf',
  ])
  expect(await wholeIds(registry)).toEqual(['a', 'b'])
})

test("a file that somebody put in the way stays as it is, and becomes the model's if the content is the same", async () => {
  const { models, registry } = await setUp()
  const folder = join(models, 'acme--tiny-GGUF')
  mkdirSync(folder)
  writeFileSync(join(folder, 'tiny-Q8_0.gguf'), 'mine')
  const entry = await registry.register(registration(models, 'a', modelCalled('one')))
  expect(entry.files[0]?.path).toBe('acme--tiny-GGUF/aaaaaaaaaaaa/tiny-Q8_0.gguf')
  expect(readFileSync(join(folder, 'tiny-Q8_0.gguf'), 'utf8')).toBe('mine')
  writeFileSync(join(folder, 'other.gguf'), modelCalled('two'))
  const same = await registry.register(registration(models, 'b', modelCalled('two'), { path: 'other.gguf' }))
  expect(same.files[0]?.path).toBe('acme--tiny-GGUF/other.gguf')
  expect((await registry.verify('b')).ok).toBe(true)
})

test('two simultaneous downloads of one name get two paths', async () => {
  const { models, registry } = await setUp()
  const all = ['a', 'b', 'c'].map((id) => registration(models, id, modelCalled(id)))
  await Promise.all(all.map((one) => registry.register(one)))
  expect(await wholeIds(registry)).toEqual(['a', 'b', 'c'])
  expect(new Set(registry.list().map(({ files }) => files[0]?.path)).size).toBe(3)
})

test('an entry that was imported during the pull is never overwritten, and the downloaded files stay', async () => {
  const { root, models, registry } = await setUp()
  const path = join(root, 'mine.gguf')
  writeFileSync(path, modelCalled('mine'))
  const imported = await registry.import({ path, id: 'a' })
  const late = registration(models, 'a', modelCalled('pulled'))
  expect(await codeOf(registry.register(late))).toBe('model.exists')
  expect(registry.get('a')).toEqual(imported)
  expect(await wholeIds(registry)).toEqual(['a'])
  expect(existsSync(late.files[0]?.from ?? '')).toBe(true)
  expect(existsSync(join(models, 'acme--tiny-GGUF'))).toBe(false)
})

test('of an import and a download with one id, one wins and the other gets an error', async () => {
  const { root, models, registry } = await setUp()
  const path = join(root, 'mine.gguf')
  writeFileSync(path, modelCalled('mine'))
  for (let round = 0; round < 20; round++) {
    const codes = await Promise.all([
      codeOf(registry.import({ path, id: 'a' })),
      codeOf(registry.register(registration(models, 'a', modelCalled('pulled')))),
    ])
    expect(codes.toSorted()).toEqual(['done', 'model.exists'])
    expect(await wholeIds(registry)).toEqual(['a'])
    await registry.remove('a', [])
  }
})

test("a projector never takes another model's id, and the model names the id that it got", async () => {
  const { root, models, registry } = await setUp()
  const path = join(root, 'mine.gguf')
  writeFileSync(path, modelCalled('mine'))
  const imported = await registry.import({ path, id: 'a-mmproj' })
  const mmproj = receive(models, 'mmproj-F16.gguf', modelCalled('projector', 'clip'))
  const entry = await registry.register(registration(models, 'a', modelCalled('one'), { mmproj }))
  expect(registry.get('a-mmproj')).toEqual(imported)
  expect(entry.source?.mmproj).toEqual({ id: 'a-mmproj-2', file: 'mmproj-F16.gguf', sha256: mmproj.sha256 })
  expect(registry.get('a-mmproj-2')).toMatchObject({ kind: 'mmproj', source: { files: ['mmproj-F16.gguf'] } })
  expect(await wholeIds(registry)).toEqual(['a', 'a-mmproj', 'a-mmproj-2'])
})

test('a replaced model is removed at once with its projector if no slot runs it, and the ids stay', async () => {
  const { models, registry } = await setUp()
  registry.watch(fakeUse({}))
  const projector = (name: string) => receive(models, 'mmproj-F16.gguf', modelCalled(name, 'clip'))
  const mmproj = projector('old eyes')
  const old = await registry.register(registration(models, 'a', modelCalled('old'), { mmproj }))
  const next = { revision: commit('b'), mmproj: projector('new eyes'), over: old }
  await registry.register(registration(models, 'a', modelCalled('new'), next))
  expect(await wholeIds(registry)).toEqual(['a', 'a-mmproj'])
  expect(registry.get('a')).toMatchObject({ name: 'new', source: { mmproj: { id: 'a-mmproj' } } })
  expect(registry.get('a-mmproj')?.name).toBe('new eyes')
  expect(readdirSync(join(models, 'acme--tiny-GGUF'))).toEqual(['bbbbbbbbbbbb'])
  expect(await registry.leftovers.list()).toEqual([])
  expect(readdirSync(models).filter((name) => name.startsWith('.retired'))).toEqual([])
})

test('the files of a replaced model stay, and are listed, while a slot runs them, even over a restart of the daemon', async () => {
  const { models, registry } = await setUp()
  const use = fakeUse({ primary: ['a'] })
  registry.watch(use)
  const old = await registry.register(registration(models, 'a', modelCalled('old')))
  const file = join(models, 'acme--tiny-GGUF/tiny-Q8_0.gguf')
  const next = { revision: commit('b'), over: old }
  await registry.register(registration(models, 'a', modelCalled('new'), next))
  expect(await registry.leftovers.list()).toMatchObject([{ id: 'a', kind: 'replaced', active: true }])
  expect(await registry.leftovers.clear()).toEqual([])
  expect(existsSync(file)).toBe(true)

  const again = await ModelRegistry.open(models)
  expect(await again.leftovers.list()).toMatchObject([{ id: 'a', kind: 'replaced', active: true }])
  const after = fakeUse({ primary: ['a'] })
  again.watch(after)
  after.freed.publish('other')
  expect(existsSync(file)).toBe(true)
  after.freed.publish('primary')
  await until('the old file is gone', () => !existsSync(file))
  await until('nothing is left', () => !readdirSync(models).some((name) => name.startsWith('.retired')))
  expect(await again.leftovers.list()).toEqual([])
  expect(await wholeIds(again)).toEqual(['a'])
})

test('a model can be removed, or replaced with the old one again, while a slot still runs the old one', async () => {
  const { models, registry } = await setUp()
  const use = fakeUse({ primary: ['a'] })
  registry.watch(use)
  const old = await registry.register(registration(models, 'a', modelCalled('old')))
  const next = { revision: commit('b'), over: old }
  const now = await registry.register(registration(models, 'a', modelCalled('new'), next))
  await registry.register(registration(models, 'a', modelCalled('old'), { over: now }))
  expect(registry.get('a')?.files[0]?.path).toBe('acme--tiny-GGUF/tiny-Q8_0.gguf')
  await registry.remove('a', [])
  expect(existsSync(join(models, 'acme--tiny-GGUF/tiny-Q8_0.gguf'))).toBe(true)
  use.freed.publish('primary')
  await until('nothing is left', () => !existsSync(join(models, 'acme--tiny-GGUF')))
})

test('a replacement is refused if the id names something else in the meantime', async () => {
  const { models, registry } = await setUp()
  const old = await registry.register(registration(models, 'a', modelCalled('old')))
  await registry.remove('a', [])
  const other = await registry.register(registration(models, 'a', modelCalled('other')))
  const late = registration(models, 'a', modelCalled('new'), { revision: commit('b'), over: old })
  expect(await codeOf(registry.register(late))).toBe('model.exists')
  expect(registry.get('a')).toEqual(other)
})

test('a lost file is restored by registering the same content again', async () => {
  const { models, registry } = await setUp()
  const entry = await registry.register(registration(models, 'a', modelCalled('one')))
  expect(registry.lost(entry)).toEqual([])
  rmSync(join(models, 'acme--tiny-GGUF'), { recursive: true })
  expect(registry.lost(entry)).toEqual(['acme--tiny-GGUF/tiny-Q8_0.gguf'])
  const again = await registry.register(registration(models, 'a', modelCalled('one'), { over: entry }))
  expect(again.files).toEqual(entry.files)
  expect(await wholeIds(registry)).toEqual(['a'])
  expect(await registry.leftovers.list()).toEqual([])
})

test('a file of hal0 that no entry has is listed and cleared; a file that somebody put there is not', async () => {
  const { models, registry } = await setUp()
  await registry.register(registration(models, 'a', modelCalled('one')))
  await registry.register(registration(models, 'b', modelCalled('two'), { path: 'sub/two.gguf' }))
  rmSync(join(models, 'b.json'))
  const mine = join(models, 'acme--tiny-GGUF/notes.txt')
  writeFileSync(mine, 'mine')
  const again = await ModelRegistry.open(models)
  const size = modelCalled('two').length
  const orphan = { id: 'acme--tiny-GGUF/sub/two.gguf', kind: 'orphan', bytes: size, active: false } as const
  expect(await again.leftovers.list()).toEqual([orphan])
  expect(await again.leftovers.clear()).toEqual([orphan])
  expect(existsSync(join(models, 'acme--tiny-GGUF/sub'))).toBe(false)
  expect(existsSync(mine)).toBe(true)
  expect(await wholeIds(again)).toEqual(['a'])
})

test('while an entry cannot be read, no file counts as an orphan', async () => {
  const { models, registry } = await setUp()
  await registry.register(registration(models, 'a', modelCalled('one')))
  writeFileSync(join(models, 'a.json'), '{')
  const again = await ModelRegistry.open(models)
  expect(await again.leftovers.clear()).toEqual([])
  expect(existsSync(join(models, 'acme--tiny-GGUF/tiny-Q8_0.gguf'))).toBe(true)
})
