import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { JsonModel } from '../../../src/dispatch/body/json-model.ts'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import { nestsTooDeep } from '../../../src/lib/http/json-body.ts'

const bytes = (text: string): Buffer => Buffer.from(text)
/** The model of a body that comes in pieces of `size` bytes. */
const modelOf = (body: Buffer, size = body.length): string => {
  const reader = new JsonModel()
  for (let at = 0; at < body.length; at += size) reader.feed(body.subarray(at, at + size))
  return reader.end()
}
const refusal = (body: Buffer): Hal0Error => {
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

  const found: [string, string, string][] = [
    ['a key with escapes', '{"mod\\u0065l":"a"}', 'a'],
    ['a value with escapes', '{"model":"a\\"\\\\\\u00e4\\n"}', 'a"\\ä\n'],
    ['a value of other characters', '{"model":"模型 😀"}', '模型 😀'],
    ['the outermost object only', '{"x":{"model":"no"},"y":["model",{"model":"no"}],"model":"yes"}', 'yes'],
    ['no string that reads so', '{"x":"\\"model\\":\\"no","y":"model","model":"yes"}', 'yes'],
    ['what follows a byte order mark', '\ufeff{"model":"a"}', 'a'],
    ['blanks', ' \r\n\t{ "x" : [ 1 , -0.5e+7 , true , false , null , { } , [ ] ] , "model" : "a" } \n', 'a'],
    ['two that say the same', '{"model":"a","x":1,"mode\\u006c":"a"}', 'a'],
    ['what follows a long string', `{"x":"${'\\"y'.repeat(100)}${'z'.repeat(1000)}","model":"a"}`, 'a'],
  ]
  for (const [what, text, model] of found) {
    test(`is found in ${what}, wherever the body is cut`, () => {
      for (const size of [1, 2, 3, 7, 1000]) expect(modelOf(bytes(text), size)).toBe(model)
    })
  }

  test('is known as soon as it has arrived', () => {
    const reader = new JsonModel()
    reader.feed(bytes('{"model":"prim'))
    expect(reader.name).toBeNull()
    reader.feed(bytes('ary","messages":['))
    expect(reader.name).toBe('primary')
  })

  test('of a megabyte is cut, and says how long it was', () => {
    for (const size of [1000, 1 << 22]) {
      const model = modelOf(bytes(JSON.stringify({ model: 'x'.repeat(1 << 20) })), size)
      expect(model).toBe(`${'x'.repeat(128)}… (1048576 bytes)`)
    }
  })

  for (const again of ['"b"', 'null', '7', '{"x":1}', '""']) {
    test(`is refused when it is repeated as ${again}`, () => {
      expect(refusal(bytes(`{"model":"a","model":${again}}`))).toMatchObject({
        code: 'request.invalid',
        param: 'model',
      })
    })
  }

  test('is not looked for in bytes that are not UTF-8', () => {
    expect(refusal(Buffer.of(0x7b, 0xff, 0x7d)).message).toContain('not UTF-8')
    const cut = Buffer.from('{"model":"a","x":"ä"}').subarray(0, -3)
    expect(refusal(cut).message).toContain('not UTF-8')
    for (const size of [1, 2, 3, 4]) expect(modelOf(bytes('{"model":"a","x":"ä€😀"}'), size)).toBe('a')
  })
})

describe('whatever comes is read as a parser reads it', () => {
  const parsed = (text: string): unknown => {
    try {
      return JSON.parse(text)
    } catch {
      return undefined
    }
  }
  const read = (text: string, size: number): string | Hal0Error => {
    try {
      return modelOf(bytes(text), size)
    } catch (error) {
      return Hal0Error.from(error)
    }
  }

  test('JSON of every shape', () => {
    const member = fc.tuple(fc.constantFrom('model', 'x', 'models', 'mode', ''), fc.oneof(fc.jsonValue(), fc.string()))
    fc.assert(
      fc.property(
        fc.array(member, { maxLength: 6 }),
        fc.integer({ min: 1, max: 20 }),
        fc.nat(3),
        (members, size, indent) => {
          const value = Object.fromEntries(members)
          const model = read(JSON.stringify(value, null, indent), size)
          if (typeof value.model === 'string' && value.model !== '') expect(model).toBe(value.model)
          else expect(model).toMatchObject({ code: 'request.invalid', param: 'model' })
        },
      ),
    )
  })

  test('and what is nearly JSON', () => {
    const token = fc.constantFrom(
      ...'{}[],:"0123.-+eE \n'.split(''),
      'true',
      'null',
      'fals',
      '"model"',
      '"a"',
      '"b":',
      '{"model":"a"',
    )
    fc.assert(
      fc.property(fc.array(token, { maxLength: 12 }), fc.integer({ min: 1, max: 9 }), (tokens, size) => {
        const text = `{"x":1${tokens.join('')}`
        const value = parsed(text) as { model?: unknown } | undefined
        const model = read(text, size)
        if (typeof model === 'string') expect(value?.model).toBe(model)
        else if (typeof value?.model === 'string' && value.model !== '')
          expect(model.message).toContain('more than once')
      }),
      { numRuns: 3000 },
    )
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

test('the end of a long text is looked for once, however many escapes it has', () => {
  const body = bytes(`{"prompt":"${`${'x'.repeat(50)}\\n`.repeat(1000)}","model":"a"}`)
  let searches = 0
  body.indexOf = (...given: unknown[]) => {
    searches++
    return Buffer.prototype.indexOf.apply(body, given as Parameters<Buffer['indexOf']>)
  }
  const reader = new JsonModel()
  reader.feed(body)
  expect(reader.end()).toBe('a')
  expect(searches).toBeLessThan(10)
})
