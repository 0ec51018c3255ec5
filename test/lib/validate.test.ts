import { describe, expect, test } from 'bun:test'
import { type TSchema, Type } from 'typebox'
import { configKeys, ServerConfig } from '../../src/contract/config.ts'
import { operations } from '../../src/contract/operations/operations.ts'
import { ReleaseManifest } from '../../src/contract/release.ts'
import { formOf } from '../../src/contract/schema/pattern.ts'
import { ModelId, SlotName } from '../../src/contract/slot.ts'
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
    ['an unknown field', { name: 'a', modle: 'x' }, 'modle', 'is not a known field; is model or mode meant?'],
    ['a missing field', {}, 'name', 'is missing'],
    ['a wrong type', { name: 'a', extra_args: 'x' }, 'extra_args', 'must be array'],
    ['an unknown word', { name: 'a', load: 'sometimes' }, 'load', 'must be one of manual, on-demand'],
    ['a path for a name', { name: '../../etc' }, 'name', 'must have 1 to 32 letters a-z'],
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

describe('a pattern is explained in words', () => {
  const cases: [string, TSchema, string, string][] = [
    ['the name of a slot', SlotName, 'Bad Name', 'must have 1 to 32 letters a-z, digits and dashes'],
    ['the id of a model', ModelId, 'Qwen/Qwen3', 'must be an id: up to 127 letters a-z'],
    ['a range of ports', configKeys.slots.ports, 'many', 'must be a range of ports, as 8081-8099'],
    ['an address', configKeys.update.url, 'example.com', 'must be an address that begins with http:// or https://'],
    ['a pattern without words', Type.String({ pattern: '^x$' }), 'y', 'does not have the form that it needs'],
  ]
  test.each(cases)('%s', (_, schema, value, words) => {
    const [problem] = problemsOf(schema, value)
    expect(problem?.reason).toStartWith(words)
    expect(problem?.reason).not.toMatch(/[\^\\]/)
  })

  test('in every schema of the API', () => {
    const patterns = new Set<string>()
    const visit = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return
      for (const [key, inner] of Object.entries(value)) {
        // A record has its keys in patterns of typebox's own.
        if (key === 'pattern' && typeof inner === 'string') patterns.add(inner)
        visit(inner)
      }
    }
    visit([operations, ServerConfig, ReleaseManifest])
    expect(patterns.size).toBeGreaterThan(8)
    expect([...patterns].filter((pattern) => formOf(pattern) === formOf('a pattern without words'))).toEqual([])
  })
})
