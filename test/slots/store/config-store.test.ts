import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import { SlotConfigStore } from '../../../src/slots/store/config-store.ts'
import { findPaths } from '../../../src/system/paths.ts'
import { patchOf, sections } from '../../support/slot-config.ts'

let root: string
let store: SlotConfigStore
const file = () => join(root, 'etc/hal0/slots/primary.toml')

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'hal0-config-'))
  store = new SlotConfigStore(findPaths({ HAL0_ROOT: root }, false), sections)
  await mkdir(join(root, 'etc/hal0/slots'), { recursive: true })
})
afterEach(() => rm(root, { recursive: true }))

test('an edit keeps comments, order and keys that hal0 does not know', async () => {
  await writeFile(file(), '# mine\nmystery = 7 # keep\nport = 8085\n\n[later]\nx = 1\n')
  await store.write('primary', patchOf({ model: 'qwen', context_size: 4096 }))
  const text = await readFile(file(), 'utf8')
  for (const kept of ['# mine', 'mystery = 7 # keep', 'port = 8085', '[later]', 'x = 1']) expect(text).toContain(kept)
  expect(await store.read('primary')).toMatchObject({
    model: 'qwen',
    section: { context_size: 4096 },
    port: 8085,
    load: 'manual',
  })
})

test('null removes a key, so that its default applies again', async () => {
  await store.write('primary', patchOf({ model: 'qwen', context_size: 4096 }))
  await store.write('primary', patchOf({ context_size: null }))
  expect(await readFile(file(), 'utf8')).not.toContain('context_size')
  expect((await store.read('primary'))?.section.context_size).toBeNull()
})

const broken: [string, string, string][] = [
  ['a wrong type', 'context_size = "big"', 'context_size'],
  ['an unknown value', 'load = "sometimes"', 'load'],
  ['no TOML at all', 'load = = 1', 'not valid TOML'],
  ["another slot's name", 'name = "other"', 'name'],
  [
    'a rule about a key that hal0 owns',
    '[params]\nfixed = { model = "x" }',
    'params.fixed.model cannot be about model',
  ],
  ['a profile with a name that none can have', '[profiles."a:b"]\nremove = ["x"]', 'a profile is called as a slot is'],
  ['a capture that is no truth', 'capture = 1', 'capture must be boolean'],
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

test('files whose name is not a slot name are not slots', async () => {
  for (const name of ['primary.toml', 'UPPER.toml', '.hidden.toml', 'notes.txt', 'embed.toml']) {
    await writeFile(join(root, 'etc/hal0/slots', name), '')
  }
  expect(await store.names()).toEqual(['embed', 'primary'])
})

test('an edit of a rule keeps the comments of the others', async () => {
  const text =
    '[params]\n# cooler\ndefault = { temperature = 0.2 } # of 2\nmine = 1\n\n[profiles.deep]\n# slow\nfixed = { a = 1 }\n'
  await writeFile(file(), text)
  await store.write('primary', patchOf({ params: { default: { top_k: 5 } }, profiles: { deep: { fixed: { b: 2 } } } }))
  expect(await written()).toBe(
    '[params]\n# cooler\ndefault = { temperature = 0.2, top_k = 5 } # of 2\nmine = 1\n\n[profiles.deep]\n# slow\nfixed = { a = 1, b = 2 }\n',
  )
  await store.write('primary', patchOf({ profiles: { deep: null } }))
  expect(await written()).not.toContain('deep')
})

const written = () => readFile(file(), 'utf8')

test('a new file has the keys of every slot at its top, and those of its provider in a table of their own', async () => {
  await store.write('primary', patchOf({ model: 'qwen', context_size: 4096, extra_args: ['-t', '4'], port: 8085 }))
  expect(await written()).toBe(
    'model = "qwen"\nport = 8085\n\n[llama_cpp]\ncontext_size = 4096\nextra_args = [ "-t", "4" ]\n',
  )
})

describe('a file from before there were tables of providers', () => {
  const flat = [
    '# my slot',
    'model = "qwen" # the small one',
    '# as much as fits beside the desktop',
    'gpu_layers = 20 # of 28',
    'extra_args = [',
    '  "-t", # threads',
    '  "4",',
    ']',
    'port = 8085',
    '',
    '[mine]',
    'x = 1 # keep',
    '',
  ].join('\n')

  test('is read as it is', async () => {
    await writeFile(file(), flat)
    expect(await store.read('primary')).toMatchObject({
      model: 'qwen',
      section: { gpu_layers: 20, extra_args: ['-t', '4'], context_size: null },
    })
    expect(await written()).toBe(flat)
  })

  test('gets the table at its next edit: each key moves with its comments, and nothing else changes', async () => {
    await writeFile(file(), flat)
    const before = await store.read('primary')
    await store.write('primary', patchOf({ load: 'on-demand' }))
    expect(await written()).toBe(
      [
        '# my slot',
        'model = "qwen" # the small one',
        'port = 8085',
        'load = "on-demand"',
        '',
        '[mine]',
        'x = 1 # keep',
        '',
        '[llama_cpp]',
        '# as much as fits beside the desktop',
        'gpu_layers = 20 # of 28',
        'extra_args = [',
        '  "-t", # threads',
        '  "4",',
        ']',
        '',
      ].join('\n'),
    )
    expect(await store.read('primary')).toEqual({ ...before, load: 'on-demand' } as never)
  })

  test('has the moved keys changed and removed by the same edit that moves them', async () => {
    await writeFile(file(), flat)
    await store.write('primary', patchOf({ gpu_layers: 0, extra_args: null as never, context_size: 512 }))
    expect(await store.read('primary')).toMatchObject({
      section: { gpu_layers: 0, extra_args: [], context_size: 512 },
    })
    const text = await written()
    for (const kept of ['# as much as fits', 'gpu_layers = 0 # of 28', 'x = 1 # keep']) expect(text).toContain(kept)
    expect(text).not.toContain('extra_args')
  })

  test('gets its keys into the table that somebody has begun, whose own keys and comments stay', async () => {
    await writeFile(
      file(),
      'parallel = 2\nport = 8085\n[llama_cpp] # mine\nmystery = 1 # what is this\ngpu_layers = 3\n',
    )
    await store.write('primary', patchOf({ context_size: 512 }))
    const text = await written()
    for (const kept of ['[llama_cpp] # mine', 'mystery = 1 # what is this']) expect(text).toContain(kept)
    expect(text.indexOf('parallel')).toBeGreaterThan(text.indexOf('[llama_cpp]'))
    expect(await store.read('primary')).toMatchObject({ section: { parallel: 2, gpu_layers: 3, context_size: 512 } })
  })

  test('whose table is written inline keeps its keys where they are', async () => {
    await writeFile(file(), 'parallel = 2 # two\nllama_cpp = { gpu_layers = 3 }\n')
    await store.write('primary', patchOf({ context_size: 512, parallel: 4 }))
    expect(await store.read('primary')).toMatchObject({ section: { parallel: 4, gpu_layers: 3, context_size: 512 } })
  })
})

test('a key that is both at the top and in the table is refused by name, since either may be meant', async () => {
  await writeFile(file(), 'parallel = 2\n[llama_cpp]\nparallel = 3\n')
  await expect(store.read('primary')).rejects.toMatchObject({
    code: 'config.invalid',
    param: 'parallel',
    message: expect.stringContaining('stands at the top and in [llama_cpp]'),
  })
})

test('a key that is both at the top and in the table is in the table alone once it is set, and nothing else touches it', async () => {
  const twice = 'parallel = 2\nport = 8085\n[llama_cpp]\nparallel = 3\n'
  await writeFile(file(), twice)
  await store.write('primary', patchOf({ context_size: 512 }))
  expect(await written()).toBe(`${twice}context_size = 512\n`)
  await store.write('primary', patchOf({ parallel: 4 }))
  expect(await store.read('primary')).toMatchObject({ port: 8085, section: { parallel: 4, context_size: 512 } })
})

test('a wrong value in the table is named with the table', async () => {
  await writeFile(file(), '[llama_cpp]\ncontext_size = "big"\n')
  await expect(store.read('primary')).rejects.toMatchObject({ param: 'llama_cpp.context_size' })
})

test('an unknown provider is named', async () => {
  await writeFile(file(), 'provider = "magic"\n')
  await expect(store.read('primary')).rejects.toMatchObject({
    param: 'provider',
    message: expect.stringContaining('must be one of llama.cpp'),
  })
})
