/** The catalog on the command line: when the hub cannot be reached, and when it is asked for. */
import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import type { CatalogOffer } from '../../../src/contract/models/catalog.ts'
import type { HubHit, PullRequest } from '../../../src/contract/models/pull.ts'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import { sampleFit } from '../../support/fits.ts'
import { FakeApi } from '../support/fake-api.ts'
import { hal0 } from '../support/run-cli.ts'
import { acceptedPull } from '../support/samples.ts'

const offer = (id: string, changes: Partial<CatalogOffer> = {}): CatalogOffer => ({
  id,
  name: id,
  kind: 'chat',
  provider: 'llama.cpp',
  repo: `acme/${id}-GGUF`,
  file: `${id}.gguf`,
  others: [],
  size: 397_808_192,
  licence: 'Apache-2.0',
  ram_bytes: 1_100_000_000,
  parameters: 494_032_768,
  context_length: 32_768,
  description: 'For first steps.',
  installed: false,
  pull: { repo: `acme/${id}-GGUF`, file: `${id}.gguf` },
  fit: sampleFit('fits'),
  ...changes,
})
const all = [
  offer('small'),
  offer('seeing', { others: ['mmproj.gguf'], pull: { repo: 'acme/seeing-GGUF', file: 'seeing.gguf', mmproj: true } }),
  offer('hearing', { kind: 'stt', provider: 'moonshine', pull: null }),
]
const hit: HubHit = { repo: 'acme/hit', downloads: 7, gated: false, architecture: 'llama', context_length: null }
const unreachable = new Hal0Error('pull.network', 'https://hub.example could not be reached. Check the network.')

let hub: () => HubHit[] = () => []
const api = new FakeApi({
  searchHub: () => hub(),
  listCatalog: ({ query: { q = '' } }) => all.filter(({ id }) => id.includes(q)),
  pullModel: ({ params: { id }, body }) => acceptedPull(String(id), body as PullRequest),
})
afterAll(() => api[Symbol.dispose]())
beforeEach(() => {
  api.calls.length = 0
  hub = () => {
    throw unreachable
  }
})
const run = (...args: string[]) => hal0(['model', ...args], { url: api.url })
const asked = () => api.calls.map(({ operation }) => operation)

describe('search', () => {
  test('asks the hub for all the words', async () => {
    hub = () => [hit]
    const { code, stdout } = await run('search', 'qwen2.5', '0.5b')
    expect([code, /^acme\/hit /m.test(stdout)]).toEqual([0, true])
    expect(api.calls.map(({ operation, query }) => [operation, query])).toEqual([['searchHub', { q: 'qwen2.5 0.5b' }]])
  })

  test('lists the catalog when the hub cannot be reached, and says so in one sentence', async () => {
    const { code, stdout, stderr } = await run('search', 's')
    expect(code).toBe(0)
    expect(stderr).toBe('Warning: The hub cannot be reached, so this comes from the catalog that is part of hal0.\n')
    expect(stdout).toMatch(/^ID +KIND +SIZE +LICENCE +RAM +FIT +DESCRIPTION$/m)
    expect(stdout).toMatch(/^small +chat +398 MB +Apache-2.0 +1.1 GB +fits +For first steps\.$/m)
    expect(stdout).not.toContain('hearing')
  })

  test('--json is then the array of the catalog', async () => {
    const { code, stdout } = await run('search', 'small', '--json')
    expect([code, JSON.parse(stdout)]).toEqual([0, [offer('small')]])
  })

  test('fails as the hub did when the catalog has nothing either', async () => {
    const { code, stdout, stderr } = await run('search', 'nonsense')
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain('https://hub.example could not be reached.')
  })

  test('does not mistake another refusal of the hub for a missing network', async () => {
    hub = () => {
      throw new Hal0Error('pull.rate_limited', 'Wait 30 s.')
    }
    expect(await run('search', 'small')).toMatchObject({ code: 1, stdout: '' })
    expect(asked()).toEqual(['searchHub'])
  })

  test('--catalog lists the whole catalog without asking the hub', async () => {
    const { code, stdout, stderr } = await run('search', '--catalog')
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout.trimEnd().split('\n')).toHaveLength(1 + all.length)
    expect(asked()).toEqual(['listCatalog'])
  })

  test('--catalog takes words and --limit', async () => {
    const ids = async (...args: string[]) =>
      JSON.parse((await run('search', '--catalog', '--json', ...args)).stdout).map(({ id }: CatalogOffer) => id)
    expect(await ids('hear')).toEqual(['hearing'])
    expect(await ids('--limit', '2')).toEqual(['small', 'seeing'])
    expect(await ids('nonsense')).toEqual([])
  })

  test('without words is wrong usage that points to the catalog', async () => {
    const { code, stderr } = await run('search')
    expect(code).toBe(2)
    expect(stderr).toContain('hal0 model search --catalog')
  })
})

describe('pull', () => {
  test('of a catalog id pulls what the catalog says', async () => {
    const { code, stderr } = await run('pull', 'small', '--no-wait')
    expect([code, stderr]).toEqual([0, 'Pulling small.gguf (398 MB) as small.\n'])
    expect(api.calls.at(-1)).toMatchObject({ params: { id: 'small' }, body: all[0]?.pull })
  })

  test('pulls the projector of a vision model, and accepts another id', async () => {
    expect((await run('pull', 'seeing', '--id', 'mine', '--no-wait')).code).toBe(0)
    expect(api.calls.at(-1)).toMatchObject({ params: { id: 'mine' }, body: { file: 'seeing.gguf', mmproj: true } })
  })

  test('of a model that no engine can run says so, and pulls nothing', async () => {
    const { code, stderr } = await run('pull', 'hearing')
    expect(code).toBe(1)
    expect(stderr).toContain('hearing cannot be pulled yet: this version of hal0 has no engine moonshine.')
    expect(asked()).toEqual(['listCatalog'])
  })

  test('of a word that is neither a repository nor in the catalog is wrong usage', async () => {
    const { code, stderr } = await run('pull', 'nonsense')
    expect(code).toBe(2)
    expect(stderr).toContain('names no repository')
  })
})
