import { describe, expect, test } from 'bun:test'
import { modelOf } from '../../src/dispatch/model.ts'
import { Hal0Error } from '../../src/lib/hal0-error.ts'
import { nestsTooDeep } from '../../src/lib/json-body.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const refusal = (body: Uint8Array): Hal0Error => {
  try {
    modelOf(body)
  } catch (error) {
    if (error instanceof Hal0Error) return error
    throw error
  }
  throw new Error('it was not refused')
}

describe('the model of a body', () => {
  test('is found', () => {
    expect(modelOf(bytes('{"messages":[],"model":"primary"}'))).toBe('primary')
  })

  const refused: [string, string, string, string | null][] = [
    ['an empty body', '', 'it is empty', null],
    ['text', 'hello', 'not valid JSON', null],
    ['cut JSON', '{"model":"a"', 'not valid JSON', null],
    ['an array', '[{"model":"a"}]', 'must be a JSON object', null],
    ['null', 'null', 'must be a JSON object', null],
    ['no model', '{"messages":[]}', 'GET /v1/models', 'model'],
    ['null as model', '{"model":null}', '"model" is missing', 'model'],
    ['an empty model', '{"model":""}', 'GET /v1/models', 'model'],
    ['a number as model', '{"model":7}', 'GET /v1/models', 'model'],
  ]
  for (const [what, text, message, param] of refused) {
    test(`is not found in ${what}`, () => {
      const error = refusal(bytes(text))
      expect(error).toMatchObject({ code: 'request.invalid', status: 400, param })
      expect(error.message).toContain(message)
    })
  }

  test('is not looked for in bytes that are no UTF-8', () => {
    expect(refusal(Uint8Array.of(0x7b, 0xff, 0x7d)).message).toContain('not UTF-8')
  })
})

describe('nesting', () => {
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)

  test('of 512 levels passes and of 513 does not', () => {
    expect(nestsTooDeep(Buffer.from(nested(512)), 512)).toBe(false)
    expect(nestsTooDeep(Buffer.from(nested(513)), 512)).toBe(true)
    expect(nestsTooDeep(Buffer.from(`{"a":`.repeat(513)), 512)).toBe(true)
  })

  test('of 10,000 levels is refused before the JSON is parsed', () => {
    const error = refusal(bytes(`{"model":"a","x":${nested(10_000)}}`))
    expect(error).toMatchObject({ code: 'request.invalid' })
    expect(error.message).toContain('512')
  })

  test('of brackets in strings does not count, however their quotes are escaped', () => {
    const text = JSON.stringify({ model: 'a', x: `\\"\\\\${'['.repeat(2000)}\\` })
    expect(nestsTooDeep(Buffer.from(text), 512)).toBe(false)
    expect(modelOf(bytes(text))).toBe('a')
  })

  test('of brackets after a string that ends in a backslash counts', () => {
    expect(nestsTooDeep(Buffer.from(`{"x":"\\\\","y":${nested(600)}}`), 512)).toBe(true)
  })

  test('of a long flat list passes', () => {
    expect(nestsTooDeep(Buffer.from(JSON.stringify(Array(5000).fill([{}]))), 512)).toBe(false)
  })
})
