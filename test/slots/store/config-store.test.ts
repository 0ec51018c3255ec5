import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import { SlotConfigStore } from '../../../src/slots/store/config-store.ts'
import { findPaths } from '../../../src/system/paths.ts'

let root: string
let store: SlotConfigStore
const file = () => join(root, 'etc/hal0/slots/primary.toml')

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'hal0-config-'))
  store = new SlotConfigStore(findPaths({ HAL0_ROOT: root }, false))
  await mkdir(join(root, 'etc/hal0/slots'), { recursive: true })
})
afterEach(() => rm(root, { recursive: true }))

test('an edit keeps comments, order and keys that hal0 does not know', async () => {
  await writeFile(file(), '# mine\nmystery = 7 # keep\nport = 8085\n\n[later]\nx = 1\n')
  await store.write('primary', { model: 'qwen', context_size: 4096 })
  const text = await readFile(file(), 'utf8')
  for (const kept of ['# mine', 'mystery = 7 # keep', 'port = 8085', '[later]', 'x = 1']) expect(text).toContain(kept)
  expect(await store.read('primary')).toMatchObject({ model: 'qwen', context_size: 4096, port: 8085, load: 'manual' })
})

test('null removes a key, so that its default holds again', async () => {
  await store.write('primary', { model: 'qwen', context_size: 4096 })
  await store.write('primary', { context_size: null })
  expect(await readFile(file(), 'utf8')).not.toContain('context_size')
  expect((await store.read('primary'))?.context_size).toBeNull()
})

const broken: [string, string, string][] = [
  ['a wrong type', 'context_size = "big"', 'context_size'],
  ['an unknown value', 'load = "sometimes"', 'load'],
  ['no TOML at all', 'load = = 1', 'not valid TOML'],
  ["another slot's name", 'name = "other"', 'name'],
]
for (const [what, text, named] of broken) {
  test(`${what} is config.invalid and names the place`, async () => {
    await writeFile(file(), text)
    const error = await store.read('primary').catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Hal0Error)
    expect((error as Hal0Error).code).toBe('config.invalid')
    expect((error as Hal0Error).message).toContain(named)
    expect(await readFile(file(), 'utf8')).toBe(text)
  })
}

test('files whose name is no slot name are no slots', async () => {
  for (const name of ['primary.toml', 'UPPER.toml', '.hidden.toml', 'notes.txt', 'embed.toml']) {
    await writeFile(join(root, 'etc/hal0/slots', name), '')
  }
  expect(await store.names()).toEqual(['embed', 'primary'])
})
