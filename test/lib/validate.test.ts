import { describe, expect, test } from 'bun:test'
import { Hal0Error } from '../../src/lib/hal0-error.ts'
import { parse, problemsOf } from '../../src/lib/validate.ts'
import { schemas } from '../support/slot-config.ts'

const { SlotCreate, SlotPatch } = schemas

const refused = (value: unknown): Hal0Error => {
  try {
    parse(SlotCreate, value, 'The body')
  } catch (error) {
    if (error instanceof Hal0Error) return error
    throw error
  }
  throw new Error('it was accepted')
}

describe('a refused value', () => {
  const cases: [string, unknown, string, string][] = [
    ['an unknown field', { name: 'a', modle: 'x' }, 'modle', 'is not a known field'],
    ['a missing field', {}, 'name', 'is missing'],
    ['a wrong type', { name: 'a', extra_args: 'x' }, 'extra_args', 'must be array'],
    ['an unknown word', { name: 'a', load: 'sometimes' }, 'load', 'must be one of manual, on-demand'],
    ['a path for a name', { name: '../../etc' }, 'name', 'must match'],
    ['a number out of range', { name: 'a', max_in_flight: 0 }, 'max_in_flight', 'must be >= 1'],
  ]
  for (const [what, value, field, reason] of cases) {
    test(`with ${what} names the field and the reason`, () => {
      const error = refused(value)
      expect(error.code).toBe('request.invalid')
      expect(error.param).toBe(field)
      expect(error.message).toContain(field)
      expect(error.message).toContain(reason)
    })
  }
  test('that is not an object says so', () => expect(refused(null).message).toBe('The body must be object.'))
})

test('an accepted value is neither stripped nor changed', () => {
  const value = { name: 'a', model: null, aliases: ['x'] }
  expect(parse(SlotCreate, value)).toBe(value)
  expect(value).toEqual({ name: 'a', model: null, aliases: ['x'] })
})

test('every problem is reported, not only the first', () => {
  expect(problemsOf(SlotPatch, { foo: 1, load: 'x', parallel: 'many' }).length).toBeGreaterThanOrEqual(3)
})
