/** The pure parts of `hal0 run`: what its word names, the name of a new slot, and what does not fit. */
import { describe, expect, test } from 'bun:test'
import { namedModel } from '../../../src/cli/run/named-model.ts'
import { requireFit, smallerModel } from '../../../src/cli/run/require-fit.ts'
import { slotNameFor } from '../../../src/cli/run/slot-name.ts'
import { isSlotName } from '../../../src/contract/slot.ts'
import { catalogEntries } from '../../../src/models/catalog/catalog.ts'
import { sampleFit } from '../../support/fits.ts'
import { model, slot } from '../support/samples.ts'

describe('the name of a new slot', () => {
  const names: [string, string][] = [
    ['smollm2-135m-instruct-q4_1', 'smollm2-135m'],
    ['qwen2.5-0.5b-instruct-q4_k_m', 'qwen2-5-0-5b'],
    ['llama-3.2-1b-instruct-q4_k_m', 'llama-3-2-1b'],
    ['gemma-3-4b-it-q8_0', 'gemma-3-4b'],
    ['qwen3-4b-instruct-2507-q4_k_m', 'qwen3-4b-instruct-2507'],
    ['mistral-small-3.2-24b-instruct-2506-ud-q4_k_xl', 'mistral-small-3-2-24b-instruct'],
    ['q4_k_m', 'q4-k-m'],
    ['plumbing-check', 'plumbing-check'],
    ['a'.repeat(100), 'a'.repeat(32)],
  ]
  for (const [id, name] of names) {
    test(`for ${id.slice(0, 40)} is ${name}`, () => expect(slotNameFor(id, new Set())).toBe(name))
  }

  test('is legal for every model of the catalog, and for ids at the edge of what is allowed', () => {
    const ids = [
      ...catalogEntries.map(({ id }) => id),
      '0',
      'a-',
      'a_._b',
      `${'x-'.repeat(60)}y`,
      `${'y'.repeat(31)}-z`,
    ]
    expect(ids.map((id) => slotNameFor(id, new Set())).filter((name) => !isSlotName(name))).toEqual([])
  })

  test('is never one that already means something, and stays legal when it is counted up', () => {
    expect(slotNameFor('tiny-q8_0', new Set(['tiny', 'tiny-2']))).toBe('tiny-3')
    const long = slotNameFor('a'.repeat(50), new Set(['a'.repeat(32)]))
    expect([long, isSlotName(long)]).toEqual([`${'a'.repeat(30)}-2`, true])
  })
})

describe('the MODEL of hal0 run', () => {
  const known = {
    slots: [slot('primary', 'offline', { config: { model: 'tiny', aliases: ['gpt-4o'] } })],
    models: [model('tiny'), model('other')],
    catalog: [],
  }
  const cases: [string, object][] = [
    ['primary', { kind: 'slot' }],
    ['gpt-4o', { kind: 'slot' }],
    ['tiny', { kind: 'slot' }],
    ['other', { kind: 'model', model: { id: 'other' } }],
    ['acme/tiny-GGUF:Q4_K_M', { kind: 'hub' }],
    ['https://hub.example/acme/tiny', { kind: 'hub' }],
    ['nope', { kind: 'unknown' }],
  ]
  for (const [text, named] of cases) {
    test(`${text} is ${JSON.stringify(named)}`, () => expect(namedModel(text, known)).toMatchObject(named))
  }
})

describe('what does not fit', () => {
  test('is refused, with the figures, what fits, and the way round', () => {
    expect(() => requireFit('huge', sampleFit('no'), 'small', false)).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(/^huge does not fit this machine: it needs about .+ free; smaller: small\.$/),
        details: ['--anyway tries it all the same.'],
        hint: 'hal0 run small',
      }),
    )
  })

  test('is only warned of with --anyway, as is what is tight or partly on the GPU', () => {
    expect(requireFit('huge', sampleFit('no'), 'small', true)).toStartWith(
      'huge does not fit this machine: it needs about ',
    )
    expect(requireFit('big', sampleFit('tight'), 'small', false)).toStartWith(
      'big is tight on this machine: it needs about ',
    )
    expect(requireFit('big', sampleFit('partial'), null, false)).toContain('only partly on the GPU')
  })

  test('is not guessed: what fits, and what is not known, goes on without a word', () => {
    expect(requireFit('small', sampleFit('fits'), null, false)).toBeNull()
    expect(requireFit('unknown', null, null, false)).toBeNull()
  })

  test('has the largest chat model of the catalog that fits in its place', () => {
    const offers = catalogEntries.map((entry) => ({
      ...entry,
      installed: false,
      pull: { repo: 'a/b', file: 'c.gguf' },
      fit: entry.kind === 'chat' && entry.parameters < 1e9 ? sampleFit('fits') : sampleFit('no'),
    }))
    expect(offers.find(({ id }) => id === smallerModel(offers))).toMatchObject({
      kind: 'chat',
      fit: { verdict: 'fits' },
    })
    expect(smallerModel([])).toBeNull()
  })
})
