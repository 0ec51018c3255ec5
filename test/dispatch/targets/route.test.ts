import { describe, expect, test } from 'bun:test'
import type { Capability } from '../../../src/contract/endpoints.ts'
import { type BodyRules, noBodyRules } from '../../../src/contract/rules/slot-rules.ts'
import { type SlotState, slotStates } from '../../../src/contract/slot.ts'
import { slotModes } from '../../../src/contract/slot-config.ts'
import { openAiModel, openAiModels } from '../../../src/dispatch/targets/model-list.ts'
import { modelNotFound, notSupported } from '../../../src/dispatch/targets/no-route.ts'
import { findRoute } from '../../../src/dispatch/targets/route.ts'
import type { TargetView } from '../../../src/dispatch/targets/target.ts'
import type { Abilities } from '../../../src/providers/provider.ts'

const abilities = (): Abilities => ({ capabilities: ['chat', 'completion'], contextLength: 512 })
const slot = (name: string, state: SlotState, more: Partial<TargetView> = {}): TargetView => ({
  name,
  slot: name,
  state,
  model: 'tiny',
  aliases: [],
  load: 'manual',
  rules: { params: noBodyRules, profiles: {} },
  mode: 'chat',
  requests: 0,
  pid: null,
  abilities,
  ...more,
})
const pick = (slots: TargetView[], model = 'tiny', mode: Capability = 'chat'): string | undefined =>
  findRoute(slots, model, mode)?.target?.name

describe('a model name leads', () => {
  test('to the slot of that name, whatever its state and whoever owns it as ref or alias', () => {
    const slots = [slot('a', 'ready', { model: 'b' }), slot('b', 'error'), slot('c', 'ready', { aliases: ['b'] })]
    expect(findRoute(slots, 'b', 'chat')).toMatchObject({
      target: { name: 'b' },
      reason: 'slot name',
      candidates: ['tiny'],
    })
  })

  test('to the slot that owns the registry ref', () => {
    expect(findRoute([slot('a', 'ready')], 'tiny', 'chat')).toEqual({
      target: slot('a', 'ready'),
      reason: 'registry ref, ready',
      candidates: ['tiny'],
      profile: null,
    })
  })

  test('to the slot that owns the alias, after the refs', () => {
    const slots = [slot('a', 'ready', { aliases: ['gpt-4o', 'other'] }), slot('b', 'offline', { model: 'other' })]
    expect(findRoute(slots, 'gpt-4o', 'chat')).toMatchObject({
      target: { name: 'a' },
      reason: 'alias of a',
      candidates: ['tiny'],
    })
    expect(pick(slots, 'other')).toBe('b')
  })

  test('of several owners to the one that can answer soonest', () => {
    const order: [SlotState, 'manual' | 'on-demand'][][] = [
      [
        ['ready', 'manual'],
        ['serving', 'manual'],
        ['idle', 'manual'],
      ],
      [['warming', 'manual']],
      [['starting', 'manual']],
      [['offline', 'on-demand']],
      [
        ['offline', 'manual'],
        ['error', 'manual'],
        ['pulling', 'manual'],
        ['unloading', 'manual'],
      ],
    ]
    for (const [position, better] of order.entries()) {
      for (const worse of order.slice(position + 1).flat()) {
        for (const [state, load] of better) {
          const slots = [slot('a', worse[0], { load: worse[1] }), slot('z', state, { load })]
          expect(pick(slots)).toBe('z')
        }
      }
    }
    expect(new Set(order.flat().map(([state]) => state)).size).toBe(slotStates.length)
  })

  test('of those that can answer equally soon to the one with the fewest requests', () => {
    expect(
      pick([slot('a', 'serving', { requests: 2 }), slot('b', 'ready'), slot('c', 'serving', { requests: 1 })]),
    ).toBe('b')
  })

  test('of equals to the first by name', () => {
    expect(pick([slot('b', 'idle'), slot('a', 'serving'), slot('c', 'ready')])).toBe('a')
  })

  test('nowhere when nothing has that name', () => {
    expect(findRoute([slot('a', 'ready')], '../../etc', 'chat')).toBeNull()
  })
})

describe('a profile leads', () => {
  const none: BodyRules = noBodyRules
  const withDeep = (name: string, more: Partial<TargetView> = {}) =>
    slot(name, 'ready', { rules: { params: none, profiles: { deep: none } }, ...more })

  test('to the slot that has it, asked for by name, ref or alias', () => {
    const slots = [slot('a', 'ready'), withDeep('b', { aliases: ['llama3:8b'] })]
    for (const [model, reason] of [
      ['b:deep', 'slot name; profile deep'],
      ['tiny:deep', 'registry ref, ready; profile deep'],
      ['llama3:8b:deep', 'alias of b; profile deep'],
    ] as const) {
      expect(findRoute(slots, model, 'chat')).toMatchObject({ target: { name: 'b' }, reason, profile: 'deep' })
    }
    expect(findRoute(slots, 'b', 'chat')?.profile).toBeNull()
  })

  test('nowhere if no slot of that name has it, or if its name is one that every object has', () => {
    const slots = [slot('a', 'ready'), withDeep('b')]
    for (const model of ['a:deep', 'b:fast', 'b:', ':deep', 'b:deep:deep', 'b:constructor', 'b:__proto__']) {
      expect(findRoute(slots, model, 'chat')).toBeNull()
    }
  })

  test('after whatever has the whole name: an id with a colon keeps working', () => {
    const slots = [withDeep('b'), slot('c', 'ready', { aliases: ['b:deep', 'llama3:8b'] })]
    expect(findRoute(slots, 'b:deep', 'chat')).toMatchObject({ target: { name: 'c' }, profile: null })
    expect(findRoute(slots, 'llama3:8b', 'chat')).toMatchObject({ target: { name: 'c' }, profile: null })
  })

  test('to a slot that can do what is asked', () => {
    const slots = [withDeep('a', { mode: 'embedding' }), withDeep('b')]
    expect(pick(slots, 'tiny:deep')).toBe('b')
    expect(pick(slots, 'tiny:deep', 'embedding')).toBe('a')
    expect(findRoute(slots, 'a:deep', 'chat')).toMatchObject({ target: null, candidates: ['tiny'] })
  })

  test('is in the lists of names, once for its slot', () => {
    const slots = [withDeep('b', { aliases: ['x'] }), slot('c', 'ready')]
    expect(openAiModels(slots, () => null).data.map(({ id, slot }) => [id, slot])).toEqual([
      ['b', 'b'],
      ['c', 'c'],
      ['b:deep', 'b'],
      ['tiny', 'b'],
      ['x', 'b'],
    ])
    expect(modelNotFound(slots, 'gpt-5', false).message).toContain('There is: b, c, b:deep, tiny, x.')
    expect(modelNotFound(slots, 'x:dep', false).message).toBe(
      'No slot serves the model "x:dep". b has no profile "dep". There is: b:deep.',
    )
    expect(modelNotFound(slots, 'c:dep', false).message).toContain('c has no profile "dep". It has none.')
  })
})

describe('what a slot can do comes first', () => {
  const chat = (name: string, state: SlotState, more: Partial<TargetView> = {}) => slot(name, state, more)
  const embed = (name: string, state: SlotState, more: Partial<TargetView> = {}) =>
    slot(name, state, { mode: 'embedding', ...more })

  test('whichever of two slots with one model sorts first', () => {
    for (const [a, b] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      const slots = [chat(a, 'ready'), embed(b, 'ready')]
      expect(pick(slots, 'tiny', 'embedding')).toBe(b)
      expect(pick(slots, 'tiny', 'chat')).toBe(a)
    }
  })

  test('before how soon it answers: the one that can is asked, and may say why it cannot now', () => {
    expect(pick([chat('a', 'ready'), embed('b', 'error')], 'tiny', 'embedding')).toBe('b')
  })

  test('and a slot whose mode is unknown comes after those that surely can', () => {
    const unknown = slot('a', 'ready', { mode: null })
    expect(pick([unknown, embed('b', 'offline')], 'tiny', 'embedding')).toBe('b')
    expect(pick([unknown, chat('b', 'ready')], 'tiny', 'embedding')).toBe('a')
  })

  test('among aliases too, and an alias of one that can before the ref of one that cannot', () => {
    const slots = [
      chat('a', 'ready', { aliases: ['x'] }),
      embed('b', 'idle', { aliases: ['x', 'tiny'], model: 'nomic' }),
    ]
    expect(pick(slots, 'x', 'embedding')).toBe('b')
    expect(pick(slots, 'x', 'chat')).toBe('a')
    expect(pick(slots, 'tiny', 'embedding')).toBe('b')
  })

  test('is in the reason, with the refs that were considered', () => {
    expect(findRoute([chat('a', 'ready'), embed('b', 'idle')], 'tiny', 'embedding')).toMatchObject({
      reason: 'registry ref, idle; not for embeddings: a',
      candidates: ['tiny'],
    })
  })

  test('and a slot that is named is asked alone: one that cannot do it is refused, naming those that can', () => {
    const slots = [chat('a', 'ready'), embed('b', 'offline'), slot('c', 'ready', { mode: 'rerank' })]
    for (const name of ['a', 'c']) {
      const route = findRoute(slots, name, 'embedding')
      expect(route).toMatchObject({ target: null, candidates: ['tiny'] })
      if (route === null) throw new Error('no route')
      const error = notSupported(slots, route, name, 'embedding', slotModes)
      expect(error).toMatchObject({
        code: 'request.unsupported',
        status: 400,
        param: 'model',
        details: { slots: ['b'] },
      })
      expect(error.message).toBe(`"${name}" is not set up for embeddings. These slots can: b.`)
    }
  })

  test('and if none can, the error says how to make one', () => {
    const slots = [chat('a', 'ready', { aliases: ['x'], model: null })]
    const route = findRoute(slots, 'x', 'rerank')
    expect(route).toMatchObject({ target: null })
    if (route === null) throw new Error('no route')
    const error = notSupported(slots, route, 'x', 'rerank', ['chat', 'rerank'])
    expect(error.message).toBe(
      '"x" is not set up for reranking. No slot can. Make one with a reranking model: hal0 slot create NAME --model MODEL --set mode=rerank',
    )
    expect(error.details).toMatchObject({ slots: [] })
  })

  test('and if this version cannot run such a model, the error says which kind it would take', () => {
    const slots = [chat('a', 'ready')]
    const route = findRoute(slots, 'a', 'transcription')
    if (route === null) throw new Error('no route')
    expect(notSupported(slots, route, 'a', 'transcription', ['chat']).message).toBe(
      '"a" is not set up for transcription. No slot can: it needs a speech-to-text model, such as Moonshine, which this version of hal0 does not run.',
    )
    expect(notSupported([], { candidates: [] }, null, 'speech', ['chat']).message).toBe(
      'Nothing is set up for speech. No slot can: it needs a text-to-speech model, such as Kokoro, which this version of hal0 does not run.',
    )
  })
})

describe('model.not_found', () => {
  test('lists the available names', () => {
    const error = modelNotFound([slot('a', 'ready', { aliases: ['x'] })], 'gpt-5', false)
    expect(error).toMatchObject({ code: 'model.not_found', status: 404, param: 'model' })
    expect(error.details.available).toEqual(['a', 'tiny', 'x'])
    expect(error.message).toBe('No slot serves the model "gpt-5". There is: a, tiny, x.')
  })

  test('says how to get a slot when there is none, and when the model is there without one', () => {
    expect(modelNotFound([], 'gpt-5', false).message).toContain('hal0 slot create NAME')
    expect(modelNotFound([slot('a', 'ready')], 'big', true).message).toContain('hal0 slot create NAME --model big')
  })

  test('does not repeat a name of a megabyte', () => {
    expect(modelNotFound([], 'x'.repeat(1 << 20), false).message.length).toBeLessThan(400)
  })
})

describe("OpenAI's list of models", () => {
  const entry = {
    id: 'tiny',
    name: 'Tiny',
    kind: 'chat' as const,
    files: [],
    source: null,
    architecture: null,
    parameters: null,
    quantization: null,
    context_length: null,
    created_at: '2026-01-02T03:04:05.678Z',
  }
  const lookUp = (ref: string) => (ref === 'tiny' ? entry : null)

  test('has slots, then refs, then aliases, each once', () => {
    const slots = [
      slot('a', 'offline', { aliases: ['x', 'b'] }),
      slot('b', 'ready', { aliases: ['x'] }),
      slot('c', 'error', { model: null }),
    ]
    const { object, data } = openAiModels(slots, lookUp)
    expect(object).toBe('list')
    expect(data.map(({ id, slot, state }) => [id, slot, state])).toEqual([
      ['a', 'a', 'offline'],
      ['b', 'b', 'ready'],
      ['c', 'c', 'error'],
      ['tiny', 'b', 'ready'],
      ['x', 'b', 'ready'],
    ])
    expect(data[0]).toMatchObject({ object: 'model', owned_by: 'hal0', created: 1_767_323_045 })
    expect(data[2]?.created).toBe(0)
    expect(data[4]).toEqual({
      id: 'x',
      object: 'model',
      created: 1_767_323_045,
      owned_by: 'hal0',
      slot: 'b',
      state: 'ready',
      context_length: 512,
      capabilities: ['chat', 'completion'],
    })
  })

  test('has single entries too', () => {
    expect(openAiModel([slot('a', 'ready')], lookUp, 'tiny')?.id).toBe('tiny')
    expect(openAiModel([slot('a', 'ready')], lookUp, 'other')).toBeNull()
  })
})
