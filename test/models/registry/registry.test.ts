import { describe, expect, test } from 'bun:test'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ModelEntry } from '../../../src/contract/models/model.ts'
import { parse } from '../../../src/lib/validate.ts'
import { ModelRegistry } from '../../../src/models/registry/registry.ts'
import { makePipe } from '../../support/make-pipe.ts'
import { testWith } from '../../support/part.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { gguf, smallModel, stringEntry, tensor, u16Entry, u32Entry } from '../gguf/gguf-bytes.ts'

/** A registry in a new folder, and a folder with `Small-Q8_0.gguf` to import from. */
const setUp = async () => {
  const root = tempDir()
  const models = join(root, 'models')
  const source = join(root, 'source')
  mkdirSync(source)
  const path = join(source, 'Small-Q8_0.gguf')
  writeFileSync(path, smallModel())
  return { models, source, path, registry: await ModelRegistry.open(models) }
}

/** Everything below a folder, except directories. */
const tree = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((item) => !item.isDirectory())
    .map((item) => join(item.parentPath, item.name).slice(folder.length + 1))
    .sort()

const shard = (no: number, count: number, weights: number): Buffer =>
  gguf({
    entries: [
      stringEntry('general.architecture', 'llama'),
      u32Entry('general.file_type', 0),
      u16Entry('split.no', no),
      u16Entry('split.count', count),
    ],
    tensors: weights === 0 ? [] : [tensor(`blk.${no}`, [weights], 0, 0)],
    data: weights * 4,
  })

describe('import', () => {
  test('copies the file, writes its sidecar and makes an entry that a new registry can read', async () => {
    const { models, path, registry } = await setUp()
    const entry = await registry.import({ path })
    expect(parse(ModelEntry, entry)).toMatchObject({
      id: 'small-q8_0',
      name: 'Small',
      kind: 'chat',
      architecture: 'llama',
      parameters: 32,
      quantization: 'Q8_0',
      context_length: 2048,
      source: null,
      files: [{ path: 'local--small-q8_0/Small-Q8_0.gguf', size: smallModel().length }],
    })
    const file = 'local--small-q8_0/Small-Q8_0.gguf'
    expect(tree(models)).toEqual([file, `${file}.sha256`, 'small-q8_0.json'])
    expect(registry.filePaths(entry)).toEqual([join(models, file)])
    expect(readFileSync(join(models, file)).equals(readFileSync(path))).toBe(true)
    expect(existsSync(path)).toBe(true)

    const again = await ModelRegistry.open(models)
    expect(again.get('small-q8_0')).toEqual(entry)
    expect(again.list()).toEqual([entry])
    expect(again.problems()).toEqual([])
  })

  testWith('sha256sum on PATH', Bun.which('sha256sum') !== null)(
    'leaves a sidecar that sha256sum -c accepts',
    async () => {
      const { models, path, registry } = await setUp()
      await registry.import({ path, id: 'a' })
      const check = Bun.spawnSync(['sha256sum', '--strict', '-c', 'Small-Q8_0.gguf.sha256'], {
        cwd: join(models, 'local--a'),
      })
      expect(check.exitCode).toBe(0)
    },
  )

  test('uses the given id, and links if asked to', async () => {
    const { models, source, path, registry } = await setUp()
    symlinkSync(path, join(source, 'latest.gguf'))
    const entry = await registry.import({ path: join(source, 'latest.gguf'), id: 'mine', link: true })
    expect(entry.files[0]?.path).toBe('local--mine/latest.gguf')
    expect(readlinkSync(join(models, 'local--mine/latest.gguf'))).toBe(path)
    expect((await registry.verify('mine')).ok).toBe(true)
  })

  test('makes one model of all shards, whichever one is given', async () => {
    const { source, registry } = await setUp()
    for (let no = 0; no < 3; no++) writeFileSync(join(source, `big-0000${no + 1}-of-00003.gguf`), shard(no, 3, no * 8))
    const entry = await registry.import({ path: join(source, 'big-00002-of-00003.gguf') })
    expect(entry.id).toBe('big')
    expect(entry.parameters).toBe(24)
    expect(entry.files.map((file) => file.path)).toEqual(
      [1, 2, 3].map((no) => `local--big/big-0000${no}-of-00003.gguf`),
    )
  })

  test('finds the shards beside a link, as in the hub’s cache', async () => {
    const { models, source, registry } = await setUp()
    mkdirSync(join(source, 'blobs'))
    for (let no = 0; no < 2; no++) {
      writeFileSync(join(source, 'blobs', `blob${no}`), shard(no, 2, 8))
      symlinkSync(join('blobs', `blob${no}`), join(source, `big-0000${no + 1}-of-00002.gguf`))
    }
    await registry.import({ path: join(source, 'big-00001-of-00002.gguf'), link: true })
    expect(readlinkSync(join(models, 'local--big/big-00002-of-00002.gguf'))).toBe(join(source, 'blobs', 'blob1'))
  })

  test('names the shard that is missing', async () => {
    const { source, registry } = await setUp()
    for (const no of [0, 2]) writeFileSync(join(source, `big-0000${no + 1}-of-00003.gguf`), shard(no, 3, 8))
    await expect(registry.import({ path: join(source, 'big-00001-of-00003.gguf') })).rejects.toMatchObject({
      code: 'model.invalid_file',
      details: { missing: join(source, 'big-00002-of-00003.gguf') },
    })
  })

  test('refuses a shard whose name or number does not match', async () => {
    const { source, registry } = await setUp()
    writeFileSync(join(source, 'renamed.gguf'), shard(0, 3, 8))
    writeFileSync(join(source, 'big-00001-of-00002.gguf'), shard(1, 2, 8))
    writeFileSync(join(source, 'big-00002-of-00002.gguf'), shard(0, 2, 8))
    writeFileSync(join(source, 'odd-00003-of-00002.gguf'), shard(0, 2, 8))
    for (const name of ['renamed.gguf', 'big-00001-of-00002.gguf', 'odd-00003-of-00002.gguf']) {
      await expect(registry.import({ path: join(source, name) }), name).rejects.toMatchObject({
        code: 'model.invalid_file',
      })
    }
  })

  test('refuses a valid GGUF that is not a model: no tensors, no architecture, an adapter', async () => {
    const { source, registry } = await setUp()
    const refused = {
      'vocabulary.gguf': gguf({ entries: [stringEntry('general.architecture', 'llama')] }),
      'anonymous.gguf': gguf({ tensors: [tensor('a', [8], 0, 0)], data: 32 }),
      'lora.gguf': smallModel([stringEntry('general.type', 'adapter')]),
    }
    for (const [name, bytes] of Object.entries(refused)) {
      writeFileSync(join(source, name), bytes)
      await expect(registry.import({ path: join(source, name) }), name).rejects.toMatchObject({
        code: 'model.invalid_file',
      })
    }
  })

  test.each([
    '',
    'folder',
    'Small-Q8_0.gguf/inside',
    'loop.gguf',
    '/dev/null',
    'pipe.gguf',
    'bad\nname.gguf',
    'back\\slash.gguf',
  ])('refuses the path %p as an invalid request that names the field, and leaves nothing', async (name) => {
    const { models, source, registry } = await setUp()
    mkdirSync(join(source, 'folder'))
    symlinkSync('loop.gguf', join(source, 'loop.gguf'))
    Bun.spawnSync(['mkfifo', join(source, 'pipe.gguf')])
    for (const bad of ['bad\nname.gguf', 'back\\slash.gguf']) writeFileSync(join(source, bad), smallModel())
    const path = name.startsWith('/') ? name : join(source, name)
    await expect(registry.import({ path })).rejects.toMatchObject({ code: 'request.invalid', param: 'path' })
    expect(readdirSync(models)).toEqual([])
  })

  test('refuses a relative path and a missing file', async () => {
    const { source, registry } = await setUp()
    for (const path of ['small.gguf', join(source, 'none.gguf')]) {
      await expect(registry.import({ path }), path).rejects.toMatchObject({ code: 'request.invalid' })
    }
  })

  test('makes an id from a name that is not ASCII', async () => {
    const { source, registry } = await setUp()
    for (const name of ['модель.gguf', '模型-Q8_0.gguf', '另一-Q8_0.gguf'])
      writeFileSync(join(source, name), smallModel())
    const ids = []
    for (const name of ['модель.gguf', '模型-Q8_0.gguf', '另一-Q8_0.gguf']) {
      ids.push((await registry.import({ path: join(source, name) })).id)
    }
    expect(ids).toEqual([
      expect.stringMatching(/^model-[0-9a-f]{6}$/),
      expect.stringMatching(/^model-q8_0-[0-9a-f]{6}$/),
      expect.stringMatching(/^model-q8_0-[0-9a-f]{6}$/),
    ])
    expect(new Set(ids).size).toBe(3)
  })

  test.each([0, 3, 100, smallModel().length - 1])('refuses a file of %p bytes and leaves nothing', async (length) => {
    const { models, path, registry } = await setUp()
    truncateSync(path, length)
    await expect(registry.import({ path })).rejects.toMatchObject({ code: 'model.invalid_file' })
    expect(readdirSync(models)).toEqual([])
    expect(registry.list()).toEqual([])
  })

  test('refuses an id that is taken, and changes nothing of the model that has it', async () => {
    const { models, path, registry } = await setUp()
    const entry = await registry.import({ path, id: 'a' })
    const before = tree(models)
    await expect(registry.import({ path, id: 'a' })).rejects.toMatchObject({ code: 'model.exists', status: 409 })
    expect(registry.get('a')).toEqual(entry)
    expect(tree(models)).toEqual(before)
  })

  test('lets exactly one of many imports with one id win', async () => {
    const { models, path, registry } = await setUp()
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => registry.import({ path, id: 'a' })))
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.code] : []))
    expect(refused).toEqual(Array(7).fill('model.exists'))
    expect(tree(models)).toHaveLength(3)
  })

  test('never writes into a folder that somebody else put where the model would go', async () => {
    const { models, path, registry } = await setUp()
    mkdirSync(join(models, 'local--a'))
    writeFileSync(join(models, 'local--a', 'precious'), '')
    await expect(registry.import({ path, id: 'a' })).rejects.toMatchObject({ code: 'model.exists' })
    expect(tree(models)).toEqual(['local--a/precious'])
  })
})

describe('a full disk', () => {
  const isRoot = process.getuid?.() === 0
  const mount = (folder: string, options: string): boolean =>
    Bun.spawnSync(['mount', '-t', 'tmpfs', '-o', options, 'hal0-test', folder]).exitCode === 0
  const canMount = (): boolean => {
    if (!isRoot) return false
    const folder = mkdtempSync(join(tmpdir(), 'hal0-test-'))
    const mounted = mount(folder, 'size=64k')
    if (mounted) Bun.spawnSync(['umount', folder])
    rmdirSync(folder)
    return mounted
  }
  const onSmallDisk = async (
    options: string,
    work: (registry: ModelRegistry, disk: string, path: string) => Promise<void>,
  ) => {
    const { path } = await setUp()
    const disk = tempDir()
    expect(mount(disk, options)).toBe(true)
    try {
      await work(await ModelRegistry.open(join(disk, 'models')), disk, path)
    } finally {
      Bun.spawnSync(['umount', disk])
    }
  }
  const test = testWith('root, to mount a small file system', canMount())

  test('is noticed before the first byte is copied, with the figures', async () => {
    await onSmallDisk('size=8m', async (registry, disk, path) => {
      await expect(registry.import({ path })).rejects.toMatchObject({
        code: 'storage.full',
        details: { needed: smallModel().length, free: expect.any(Number) },
      })
      expect(tree(disk)).toEqual([])
      expect((await registry.import({ path, link: true })).id).toBe('small-q8_0')
    })
  })

  // Inodes for the root, models/, the staging folder, the copy and its sidecar: there is none for the copy, the sidecar or the entry.
  test.each([3, 4, 5])('that is noticed only during the import leaves nothing (%p inodes)', async (inodes) => {
    await onSmallDisk(`size=64m,nr_inodes=${inodes}`, async (registry, disk, path) => {
      await expect(registry.import({ path })).rejects.toMatchObject({ code: 'storage.full' })
      expect(tree(disk)).toEqual([])
      expect(registry.list()).toEqual([])
    })
  })
})

describe('verify', () => {
  test('finds nothing wrong with an imported model', async () => {
    const { path, registry } = await setUp()
    const entry = await registry.import({ path, id: 'a' })
    const sha256 = entry.files[0]?.sha256
    expect(await registry.verify('a')).toEqual({
      id: 'a',
      ok: true,
      files: [{ path: 'local--a/Small-Q8_0.gguf', ok: true, expected: sha256, actual: sha256, problem: null }],
    } as never)
  })

  test('finds a file that changed, shrank, disappeared or has a different checksum beside it', async () => {
    const { path, registry } = await setUp()
    const entry = await registry.import({ path, id: 'a' })
    const [file = ''] = registry.filePaths(entry)
    const finding = async () => (await registry.verify('a')).files[0]

    writeFileSync(`${file}.sha256`, `${'0'.repeat(64)}  Small-Q8_0.gguf\n`)
    expect(await finding()).toMatchObject({
      ok: false,
      actual: entry.files[0]?.sha256,
      problem: expect.stringContaining('000'),
    })
    const bytes = readFileSync(file)
    bytes[bytes.length - 1] = 0
    writeFileSync(file, bytes)
    expect(await finding()).toMatchObject({
      ok: false,
      actual: expect.stringMatching(/^[0-9a-f]{64}$/),
      problem: 'its content has changed',
    })
    truncateSync(file, 10)
    expect(await finding()).toMatchObject({ ok: false, problem: expect.stringContaining('10 bytes') })
    rmSync(file)
    expect(await finding()).toMatchObject({ ok: false, actual: null, problem: 'it is missing' })
  })

  test('of an unknown model lists the known ones', async () => {
    const { path, registry } = await setUp()
    await registry.import({ path, id: 'a' })
    await expect(registry.verify('b')).rejects.toMatchObject({ code: 'model.not_found', details: { models: ['a'] } })
  })
})

describe('remove', () => {
  test('removes entry and files', async () => {
    const { models, path, registry } = await setUp()
    await registry.import({ path, id: 'a' })
    await registry.remove('a', [])
    expect(registry.get('a')).toBeNull()
    expect(readdirSync(models)).toEqual([])
    await expect(registry.remove('a', [])).rejects.toMatchObject({ code: 'model.not_found' })
    expect((await registry.import({ path, id: 'a' })).id).toBe('a')
  })

  test('of a linked model removes only the link', async () => {
    const { models, path, registry } = await setUp()
    await registry.import({ path, id: 'a', link: true })
    await registry.remove('a', [])
    expect(readdirSync(models)).toEqual([])
    expect(lstatSync(path).isFile()).toBe(true)
  })

  test('is refused while slots refer to the model, and names them', async () => {
    const { path, registry } = await setUp()
    await registry.import({ path, id: 'a' })
    await expect(registry.remove('a', ['primary', 'spare'])).rejects.toMatchObject({
      code: 'model.in_use',
      status: 409,
      details: { slots: ['primary', 'spare'] },
    })
    expect((await registry.verify('a')).ok).toBe(true)
  })

  test('leaves files that another model shares, and files that it does not know', async () => {
    const { models, path, registry } = await setUp()
    await registry.import({ path, id: 'a' })
    const entry = JSON.parse(readFileSync(join(models, 'a.json'), 'utf8'))
    writeFileSync(join(models, 'b.json'), JSON.stringify({ ...entry, id: 'b' }))
    writeFileSync(join(models, 'local--a', 'notes.txt'), '')
    const both = await ModelRegistry.open(models)
    await both.remove('a', [])
    expect((await both.verify('b')).ok).toBe(true)
    await both.remove('b', [])
    expect(tree(models)).toEqual(['local--a/notes.txt'])
  })
})

describe('open', () => {
  test('creates its folder', async () => {
    const models = join(tempDir(), 'var', 'models')
    expect((await ModelRegistry.open(models)).list()).toEqual([])
    expect(existsSync(models)).toBe(true)
  })

  const intact = async () => {
    const { models, path, registry } = await setUp()
    return { models, path, entry: await registry.import({ path, id: 'good' }) }
  }

  test.each([
    ['is torn', (json: string) => json.slice(0, 40)],
    ['is empty', () => ''],
    ['has a field of the wrong type', (json: string) => json.replace('"files"', '"flies"')],
    ['describes another model', (json: string) => json],
    ['points out of the folder', (json: string) => json.replace('"good"', '"bad"').replace('local--good/', '../../')],
  ])('leaves out an entry that %s, keeps it as it is and says so', async (_, damage) => {
    const { models, path } = await intact()
    const bad = damage(readFileSync(join(models, 'good.json'), 'utf8'))
    writeFileSync(join(models, 'bad.json'), bad)
    const registry = await ModelRegistry.open(models)
    expect(registry.list().map((entry) => entry.id)).toEqual(['good'])
    expect(registry.problems()).toEqual([expect.stringContaining('bad.json')])
    expect(readFileSync(join(models, 'bad.json'), 'utf8')).toBe(bad)
    await expect(registry.import({ path, id: 'bad' })).rejects.toMatchObject({ code: 'model.exists' })
  })

  test.each([
    ['a folder', (at: string) => mkdirSync(at)],
    ['a named pipe', makePipe],
    ['a link to itself', (at: string) => symlinkSync(at, at)],
  ] as const)(
    "says so where %s lies in the place of an entry, and takes its files for nobody else's",
    async (_, make) => {
      const { models } = await intact()
      renameSync(join(models, 'good.json'), join(models, '.removed-good.json'))
      make(join(models, 'good.json'))
      const registry = await ModelRegistry.open(models)
      expect(registry.problems()).toEqual([expect.stringContaining('good.json')])
      expect(registry.problems()[0]).toEndWith('Repair it or move it away, then restart hal0.')
      expect(readdirSync(join(models, 'local--good')).length).toBeGreaterThan(0)
    },
  )

  test('reads the entry of an older hal0, which does not say what the model takes memory for', async () => {
    const { models, entry } = await intact()
    expect(entry.memory).toEqual({ weights: 128, layers: null, kv: null })
    const { memory: _, ...older } = entry
    writeFileSync(join(models, 'good.json'), JSON.stringify(older))
    const registry = await ModelRegistry.open(models)
    expect([registry.problems(), registry.list()]).toEqual([[], [older]])
  })

  test('does not take a repository’s folder with such a name for an entry', async () => {
    const { models } = await intact()
    mkdirSync(join(models, 'acme--model.json'))
    expect((await ModelRegistry.open(models)).problems()).toEqual([])
  })

  test('removes what an import left that was interrupted while it copied', async () => {
    const { models, entry } = await intact()
    mkdirSync(join(models, '.import-0123456789abcdef'))
    writeFileSync(join(models, '.import-0123456789abcdef', 'half.gguf'), 'GG')
    writeFileSync(join(models, '.new.json.0123456789abcdef.tmp'), '{')
    const registry = await ModelRegistry.open(models)
    expect(registry.list()).toEqual([entry])
    expect(tree(models)).toHaveLength(3)
    expect(readdirSync(models)).toHaveLength(2)
  })

  test('removes the files of an entry that was not yet a model, or no longer one', async () => {
    const { models } = await intact()
    renameSync(join(models, 'good.json'), join(models, '.pending-good.json'))
    const registry = await ModelRegistry.open(models)
    expect(registry.list()).toEqual([])
    expect(readdirSync(models)).toEqual([])
  })

  test('keeps the files of such an entry if an unreadable one may need them', async () => {
    const { models } = await intact()
    renameSync(join(models, 'good.json'), join(models, '.pending-good.json'))
    writeFileSync(join(models, 'bad.json'), '{')
    await ModelRegistry.open(models)
    expect(existsSync(join(models, 'local--good', 'Small-Q8_0.gguf'))).toBe(true)
  })

  test('never removes a folder that it does not know', async () => {
    const { models } = await intact()
    mkdirSync(join(models, 'local--other'))
    writeFileSync(join(models, 'local--other', 'precious.gguf'), '')
    await ModelRegistry.open(models)
    expect(existsSync(join(models, 'local--other', 'precious.gguf'))).toBe(true)
  })
})
