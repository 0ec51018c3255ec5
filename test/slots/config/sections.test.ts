import { describe, expect, test } from 'bun:test'
import { Type } from 'typebox'
import { problemsOf } from '../../../src/lib/validate.ts'
import { Sections } from '../../../src/slots/config/sections.ts'
import { schemas, sections } from '../../support/slot-config.ts'

const flat = { provider: 'one', key: 'one', fields: { depth: Type.Integer() }, defaults: { depth: 3 }, isFlat: true }
const nested = {
  ...flat,
  provider: 'two',
  key: 'two',
  fields: { pitch: Type.Integer() },
  defaults: { pitch: 5 },
  isFlat: false,
}
const both = new Sections([flat, nested])

describe('a body of the API', () => {
  test('may have the keys of a flat section beside the others, or in an object', () => {
    const beside = sections.patchOf({ load: 'manual', context_size: 512 }, null)
    expect(sections.patchOf({ load: 'manual', llama_cpp: { context_size: 512 } }, null)).toEqual(beside)
    for (const body of [{ context_size: 512 }, { llama_cpp: { context_size: 512 } }]) {
      expect(problemsOf(schemas.SlotPatch, body)).toEqual([])
    }
    expect(problemsOf(schemas.SlotPatch, { llama_cpp: { context_sise: 1 } })).toEqual([
      { field: 'llama_cpp.context_sise', reason: 'is not a known field; is context_size meant?' },
    ])
  })

  test('may not give a key twice', () => {
    expect(() => sections.patchOf({ context_size: 1, llama_cpp: { context_size: 2 } }, null)).toThrow('given twice')
  })

  test('is refused with keys of another provider, whichever the slot has or gets', () => {
    expect(() => both.patchOf({ two: { pitch: 1 } }, null)).toThrow('two is not a setting of slots that one runs')
    expect(() => both.patchOf({ depth: 1 }, 'two')).toThrow('depth is not a setting of slots that two runs')
    expect(both.patchOf({ provider: 'two', two: { pitch: 1 } }, 'one').section).toEqual({ pitch: 1 })
  })
})

describe('another provider', () => {
  const slot = { ...both.initial('a'), port: 8081, section: { depth: 9 } }

  test('begins with the defaults of its own section', () => {
    expect(both.merged(slot, both.patchOf({ provider: 'two' }, 'one'))).toMatchObject({
      provider: 'two',
      section: { pitch: 5 },
    })
  })

  test('leaves the table of the other in the file, unread', () => {
    const table = { provider: 'two', two: { pitch: 7 }, one: { depth: 'deep' }, depth: 4 }
    expect(both.read('a', table)).toMatchObject({ section: { pitch: 7 } })
    expect(both.edit(table, both.patchOf({ two: { pitch: 8 } }, 'two'))).toEqual({ two: { pitch: 8 } })
  })
})

test('the answer of the API has a flat section’s keys beside the others, and any other under its name', () => {
  expect(both.wire({ ...both.initial('a'), port: 8081 })).toMatchObject({ provider: 'one', depth: 3 })
  const other = both.wire({ ...both.initial('a', 'two'), port: 8081 })
  expect(other).toMatchObject({ provider: 'two', two: { pitch: 5 } })
  expect(other).not.toHaveProperty('pitch')
})
