import { describe, expect, test } from 'bun:test'
import type { Hardware } from '../../src/contract/hardware.ts'
import type { Model } from '../../src/contract/models/model.ts'
import type { SlotRecord } from '../../src/contract/slot.ts'
import { memoryShares } from '../../web/home/memory.ts'
import { fieldsOf, flatKeys } from '../../web/slot/settings/fields.ts'
import { tomlLines } from '../../web/slot/settings/toml-text.ts'
import { shownValue, typedValue } from '../../web/slot/settings/values.ts'
import { isSlotName, nextSlotName } from '../../web/words/slot-name.ts'

test('the memory is shared out among loaded slots, and what the machine does not say is used by no slot', () => {
  const memory = { total: 1000, available: 400, limit: null }
  const machine = { memory } as Hardware
  const model = (id: string, total: number, device = 'ram') =>
    ({ id, fit: { needs: { total }, have: { device } } }) as Model
  const slot = (name: string, state: SlotRecord['state'], id: string) => ({ name, state, model: id }) as SlotRecord
  const models = [model('a', 200), model('b', 500), model('gpu', 100, '0000:03:00.0')]
  const records = [
    ...[
      slot('off', 'offline', 'a'),
      slot('one', 'ready', 'a'),
      slot('two', 'serving', 'b'),
      slot('card', 'idle', 'gpu'),
    ],
  ]
  expect(memoryShares(machine, records, models)).toEqual({
    ...{ total: 1000, free: 400, other: 0 },
    slots: [
      { slot: 'one', bytes: 200 },
      { slot: 'two', bytes: 400 },
    ],
  })
  expect(memoryShares({ memory: { ...memory, limit: 600 } } as Hardware, [], models)).toEqual({
    ...{ total: 600, free: 400, other: 200, slots: [] },
  })
  expect(memoryShares({ memory: { ...memory, available: null } } as Hardware, [], models)).toBeNull()
})

describe('the form of the settings', () => {
  const patch = {
    properties: {
      model: { anyOf: [{ $ref: '#/components/schemas/Id' }, { type: 'null' }] },
      threads: { anyOf: [{ type: 'integer', minimum: 1 }, { type: 'null' }] },
      queue_wait_s: { type: 'number', minimum: 0, maximum: 10 },
      rules: { type: 'object', properties: { strict: { type: 'boolean' } } },
      engine_x: { type: 'object', properties: { threads: { type: 'integer' } } },
    },
  }
  const fields = fieldsOf(patch, { Id: { type: 'string', description: 'A model.' } })
  const field = (key: string) => {
    const found = fields.find((one) => one.key === key)
    if (found === undefined) throw new Error(`there is no field ${key}`)
    return found
  }

  test('has a field for each key, and none for a section whose keys are there already', () => {
    expect(fields.map(({ key, kind, group, atLoad }) => [key, kind, group, atLoad])).toEqual([
      ['model', 'text', 'model', true],
      ['threads', 'whole', 'backend', true],
      ['queue_wait_s', 'number', 'conduct', false],
      ['rules', 'json', 'conduct', false],
    ])
    expect(field('model')).toMatchObject({ description: 'A model.', isNullable: true })
    expect([...flatKeys(patch)]).toEqual([['threads', 'engine_x']])
  })

  test('takes what is typed back into values, and says what is wrong', () => {
    const cases: [string, string, unknown][] = [
      ['threads', ' 4 ', { value: 4 }],
      ['threads', '', { value: null }],
      ['threads', '1.5', { problem: 'must be a whole number' }],
      ['threads', '0', { problem: 'must be at least 1' }],
      ['queue_wait_s', 'soon', { problem: 'must be a number' }],
      ['queue_wait_s', '11', { problem: 'must be at most 10' }],
      ['rules', '{"strict":true}', { value: { strict: true } }],
      ['rules', '{', { problem: expect.stringContaining('must be JSON') }],
      ['model', ' tiny ', { value: 'tiny' }],
    ]
    for (const [key, text, typed] of cases) expect([text, typedValue(field(key), text)]).toEqual([text, typed as never])
    expect(typedValue({ ...field('model'), kind: 'list' }, 'a\n\n b ')).toEqual({ value: ['a', 'b'] })
    expect(shownValue({ kind: 'list' }, ['a', 'b'])).toBe('a\nb')
  })

  test('shows the file as TOML that means the same', () => {
    const values = {
      ...{ name: 'primary', model: 'tiny', mode: null, 'odd key': 'a "b"\n\u007f', rules: { 'x.y': [1, true] } },
      threads: 4,
    }
    const text = tomlLines(values, (key) => (key === 'threads' ? 'engine_x' : undefined))
      .map((line) => `${line.text}\n`)
      .join('')
    const { name: _, mode: __, threads, ...top } = values
    expect(Bun.TOML.parse(text)).toEqual({ ...top, engine_x: { threads } })
  })
})

test('a new slot gets the first name that is free', () => {
  expect(nextSlotName([])).toBe('primary')
  expect(nextSlotName(['primary', 'slot-2'])).toBe('slot-3')
  expect(['a', 'a-b', '', '-a', 'A', 'a'.repeat(33)].map(isSlotName)).toEqual([true, true, false, false, false, false])
})
