import { describe, expect, test } from 'bun:test'
import { Type } from 'typebox'
import { CatalogEntry } from '../../../src/contract/models/catalog.ts'
import { PullRequest } from '../../../src/contract/models/pull.ts'
import { problemsOf } from '../../../src/lib/validate.ts'
import file from '../../../src/models/catalog/catalog.json' with { type: 'json' }
import { Catalog, catalogEntries, searchCatalog } from '../../../src/models/catalog/catalog.ts'
import { ggufFiles } from '../../../src/models/hub/client/gguf-files.ts'
import { modelIds } from '../../../src/models/naming/default-id.ts'
import { roomOf } from '../../support/fits.ts'

const gguf = catalogEntries.filter(({ provider, pin }) => provider === 'llama.cpp' && pin === undefined)
const packaged = catalogEntries.filter(({ pin }) => pin !== undefined)
const ids = (query: string): string[] => searchCatalog(catalogEntries, query).map(({ id }) => id)
const here = { get: () => null }

describe('catalog.json', () => {
  test('conforms to its schema, with 12 to 20 entries', () => {
    expect(problemsOf(Type.Array(CatalogEntry, { minItems: 12, maxItems: 20 }), file)).toEqual([])
  })

  test('has every id and every file only once', () => {
    for (const keys of [catalogEntries.map(({ id }) => id), catalogEntries.map((one) => `${one.repo}/${one.file}`)]) {
      expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([])
    }
  })

  test('gives a GGUF the id that a pull of its file would give', () => {
    expect(gguf.map(({ id }) => id)).toEqual(gguf.flatMap((entry) => modelIds([entry.file], entry.repo)))
  })

  test('names only files that a pull takes for models, and projectors that it takes for projectors', () => {
    for (const { repo, file: path, others } of gguf) {
      const files = [path, ...others].map((one) => ({ path: one, size: 1, sha256: null, blobSha1: null }))
      const { models, projectors } = ggufFiles(repo, files)
      expect([repo, models.map((model) => model.path)]).toEqual([repo, [path]])
      expect([repo, projectors.map((one) => one.path)]).toEqual([repo, others])
    }
  })

  test('has one model to begin with: a chat model of about 400 MB that anybody may use', () => {
    const firsts = catalogEntries.filter(({ first }) => first)
    expect(firsts).toHaveLength(1)
    expect(firsts[0]).toMatchObject({ kind: 'chat', provider: 'llama.cpp', licence: 'Apache-2.0', others: [] })
    expect(firsts[0]?.size).toBeLessThan(450e6)
  })

  test('has a model of every kind', () => {
    const kinds = new Set(catalogEntries.map(({ kind }) => kind))
    expect([...kinds].sort()).toEqual(['chat', 'embedding', 'rerank', 'stt', 'tts'])
  })

  test('needs more memory than the size of the files, in steps of 100 MB', () => {
    for (const { id, size, ram_bytes } of catalogEntries) {
      expect([id, ram_bytes % 100e6]).toEqual([id, 0])
      expect(ram_bytes).toBeGreaterThan(size + 512 * 2 ** 20)
      expect(ram_bytes).toBeLessThan(size + 3e9)
    }
  })
})

describe('a search', () => {
  test('without words finds all entries, in the order of the file', () => {
    expect(ids('')).toEqual(catalogEntries.map(({ id }) => id))
    expect(ids('  ')).toHaveLength(catalogEntries.length)
  })

  test('requires every word, whatever its case and position', () => {
    expect(ids('0.5B qwen2.5')).toEqual(['qwen2.5-0.5b-instruct-q4_k_m'])
    expect(ids('llama nonsense')).toEqual([])
  })

  test('looks at name, id, repository and kind, but not at the description', () => {
    expect(ids('stt')).toEqual(['moonshine-tiny-en'])
    expect(ids('bartowski llama-3.2-1b')).toEqual(['llama-3.2-1b-instruct-q4_k_m'])
    expect(ids('vision').length).toBeGreaterThan(0)
    expect(ids('screenshots')).toEqual([])
  })

  test('does not find a word that spans two fields', () => {
    expect(ids('instructqwen')).toEqual([])
  })
})

describe('the catalog of a machine', () => {
  const offers = (ram: number | null, registry: { get(id: string): unknown } = here) =>
    new Catalog({
      entries: catalogEntries,
      registry: registry as typeof here,
      room: roomOf(ram),
      providers: ['llama.cpp'],
    }).offers('')

  test('says what fits into its memory, if that is known', async () => {
    const verdicts = async (ram: number | null) => new Set((await offers(ram)).map(({ fit }) => fit?.verdict ?? null))
    expect(await verdicts(null)).toEqual(new Set([null]))
    expect(await verdicts(64e9)).toEqual(new Set(['fits']))
    const small = await offers(4e9)
    const verdict = (wanted: string) => small.find(({ id }) => id === wanted)?.fit?.verdict
    expect([verdict('qwen2.5-0.5b-instruct-q4_k_m'), verdict('gpt-oss-20b-mxfp4')]).toEqual(['fits', 'no'])
  })

  test('says what is in its registry', async () => {
    const entry = { files: [], source: null, context_length: null }
    const found = await offers(null, { get: (id) => (id === 'bge-m3-q8_0' ? entry : null) })
    expect(found.filter(({ installed }) => installed).map(({ id }) => id)).toEqual(['bge-m3-q8_0'])
  })

  const catalog = new Catalog({ entries: catalogEntries, registry: here, room: roomOf(null), providers: ['llama.cpp'] })

  test('knows where each GGUF comes from, and has its projector pulled too', () => {
    for (const { id, repo, file: path } of gguf) {
      const source = catalog.sourceOf(id)
      expect(problemsOf(PullRequest, source)).toEqual([])
      expect(source).toMatchObject({ repo, file: path })
      expect(catalog.refusalOf(id)).toBeNull()
    }
    expect(catalog.sourceOf('gemma-3-4b-it-q4_k_m')).toMatchObject({ mmproj: true })
    expect(catalog.sourceOf('qwen2.5-0.5b-instruct-q4_k_m')).not.toHaveProperty('mmproj')
  })

  test('knows the package of a model that the hub is not needed for', () => {
    expect(packaged.map(({ id }) => id)).toEqual(['smollm2-135m-instruct-q4_1'])
    for (const { id, file: path, size, pin, repo } of packaged) {
      const source = catalog.sourceOf(id)
      expect(problemsOf(PullRequest, source)).toEqual([])
      expect(source).toEqual({ package: pin?.package, file: path, size, sha256: pin?.sha256 } as PullRequest)
      expect(repo).toBe(`pypi:${pin?.package.name}`)
    }
  })

  test('says that no engine can run a speech model, and pulls none', () => {
    expect([catalog.sourceOf('moonshine-tiny-en'), catalog.sourceOf('kokoro-82m-v1.0')]).toEqual([null, null])
    expect(catalog.refusalOf('moonshine-tiny-en')).toContain('no engine for speech recognition (moonshine)')
    expect(catalog.refusalOf('kokoro-82m-v1.0')).toContain('no engine for speech synthesis (kokoro)')
  })

  test('says nothing about a model that it does not have', () => {
    expect([catalog.sourceOf('tiny'), catalog.refusalOf('tiny'), catalog.sourceOf('__proto__')]).toEqual([
      null,
      null,
      null,
    ])
  })
})
