import { describe, expect, test } from 'bun:test'
import { type SlotState, slotStates } from '../../src/contract/slot.ts'
import { openAiModel, openAiModels } from '../../src/dispatch/openai.ts'
import { findRoute, modelNotFound } from '../../src/dispatch/route.ts'
import type { SlotView } from '../../src/slots/lease.ts'

const slot = (name: string, state: SlotState, more: Partial<SlotView> = {}): SlotView => ({
  name,
  state,
  model: 'tiny',
  aliases: [],
  load: 'manual',
  ...more,
})
const pick = (slots: SlotView[], model = 'tiny'): string | undefined => findRoute(slots, model)?.slot.name

describe('a model name leads', () => {
  test('to the slot of that name, whatever its state and whoever owns it as ref or alias', () => {
    const slots = [slot('a', 'ready', { model: 'b' }), slot('b', 'error'), slot('c', 'ready', { aliases: ['b'] })]
    expect(findRoute(slots, 'b')).toMatchObject({ slot: { name: 'b' }, reason: 'slot name', candidates: ['tiny'] })
  })

  test('to the slot that owns the registry ref', () => {
    expect(findRoute([slot('a', 'ready')], 'tiny')).toEqual({
      slot: slot('a', 'ready'),
      reason: 'registry ref, ready',
      candidates: ['tiny'],
    })
  })

  test('to the slot that owns the alias, after the refs', () => {
    const slots = [slot('a', 'ready', { aliases: ['gpt-4o', 'other'] }), slot('b', 'offline', { model: 'other' })]
    expect(findRoute(slots, 'gpt-4o')).toMatchObject({
      slot: { name: 'a' },
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

  test('of equals to the first by name', () => {
    expect(pick([slot('b', 'idle'), slot('a', 'serving'), slot('c', 'ready')])).toBe('a')
  })

  test('nowhere when nothing goes by it', () => {
    expect(findRoute([slot('a', 'ready')], '../../etc')).toBeNull()
  })
})

describe('model.not_found', () => {
  test('lists what there is', () => {
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
  })

  test('has single entries too', () => {
    expect(openAiModel([slot('a', 'ready')], lookUp, 'tiny')?.id).toBe('tiny')
    expect(openAiModel([slot('a', 'ready')], lookUp, 'other')).toBeNull()
  })
})
