import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { MultipartModel } from '../../../src/dispatch/body/multipart-model.ts'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'

const boundary = '----x'
const part = (disposition: string, value: string, more = ''): string =>
  `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n${more}\r\n${value}\r\n`
const form = (...parts: string[]): string => `${parts.join('')}--${boundary}--\r\n`
const file = part('name="file"; filename="a.wav"', '\r\n--\r\n----\r\n--x'.repeat(50), 'Content-Type: audio/wav\r\n')

/** The model of a form that comes in pieces. @param cuts where it is cut, ascending */
const modelOf = (text: string, cuts: readonly number[] = []): string => {
  const bytes = Buffer.from(text)
  const reader = new MultipartModel(boundary)
  let at = 0
  for (const cut of [...cuts, bytes.length]) {
    reader.feed(bytes.subarray(at, cut))
    at = cut
  }
  return reader.end()
}
const refusal = (text: string): Hal0Error => {
  try {
    modelOf(text)
  } catch (error) {
    if (error instanceof Hal0Error) return error
    throw error
  }
  throw new Error('it was not refused')
}

describe('the model of a form is found', () => {
  const found: [string, string, string][] = [
    ['before a file', form(part('name="model"', 'a'), file), 'a'],
    ['after a file', form(file, part('name="model"', 'a')), 'a'],
    [
      'without quotes, in another case',
      form(`--${boundary}\r\ncontent-DISPOSITION: Form-Data; Name=model\r\n\r\na\r\n`),
      'a',
    ],
    ['with further headers', form(part('name="model"', 'a', 'Content-Type: text/plain\r\n')), 'a'],
    ['of other characters', form(part('name="model"', '模型 😀')), '模型 😀'],
    [
      'that looks like the beginning of a boundary',
      form(part('name="model"', `\r\n--${boundary.slice(1)}`)),
      `\r\n--${boundary.slice(1)}`,
    ],
    ['twice, with one value', form(part('name="model"', 'a'), part('name="model"', 'a')), 'a'],
    ['after a preamble', `hello\r\n${form(part('name="model"', 'a'))}`, 'a'],
    ['beside a part without headers', form(`--${boundary}\r\n\r\nx\r\n`, part('name="model"', 'a')), 'a'],
    ['beside an empty part', form(part('name="x"', ''), part('name="model"', 'a')), 'a'],
    ['although blanks follow a boundary', form(part('name="model"', 'a').replace('--x\r\n', '--x \t\r\n')), 'a'],
  ]
  for (const [what, text, model] of found) {
    test(`${what}, wherever the form is cut`, () => {
      expect(modelOf(text)).toBe(model)
      for (let cut = 0; cut <= Buffer.byteLength(text); cut++) expect(modelOf(text, [cut])).toBe(model)
      const every = Array.from({ length: Buffer.byteLength(text) }, (_, index) => index)
      expect(modelOf(text, every)).toBe(model)
    })
  }

  test('as soon as its part has ended', () => {
    const reader = new MultipartModel(boundary)
    reader.feed(Buffer.from(part('name="model"', 'early')))
    expect(reader.name).toBeNull()
    reader.feed(Buffer.from(file))
    expect(reader.name).toBe('early')
  })

  test('whatever it is, and whatever is beside it', () => {
    const text = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 200 })
      .filter((value) => !value.includes(boundary))
    fc.assert(
      fc.property(text, text, fc.array(fc.nat(1000), { maxLength: 10 }), (model, other, cuts) => {
        const whole = form(part('name="x"; filename="model"', other), part('name="model"', model))
        const size = Buffer.byteLength(whole)
        expect(
          modelOf(
            whole,
            cuts.map((cut) => cut % size).sort((a, b) => a - b),
          ),
        ).toBe(Buffer.from(model).toString('utf8'))
      }),
      { numRuns: 300 },
    )
  })
})

describe('a form is refused', () => {
  const refused: [string, string, string][] = [
    ['without a model', form(file), '"model" is missing'],
    ['with an empty model', form(part('name="model"', '')), '"model" is missing'],
    ['with two models', form(part('name="model"', 'a'), part('name="model"', 'b')), 'more than once'],
    ['that is cut', form(part('name="model"', 'a')).slice(0, -4), 'ends before its last boundary'],
    ['that is not a form', '{"model":"a"}', 'ends before its last boundary'],
    [
      'whose boundary has something after it',
      form(part('name="model"', 'a').replace('--x\r\n', '--xy\r\n')),
      'follows a boundary',
    ],
    ['whose part has an endless head', `--${boundary}\r\n${'x: y\r\n'.repeat(4000)}`, 'does not end'],
    ['whose boundary has an endless line', `--${boundary}${' '.repeat(20_000)}`, 'does not end its line'],
  ]
  for (const [what, text, message] of refused) {
    test(what, () => {
      const error = refusal(text)
      expect(error).toMatchObject({ code: 'request.invalid', status: 400 })
      expect(error.message).toContain(message)
    })
  }

  test('but not for a name of a megabyte, of which the beginning is kept', () => {
    const text = form(part('name="model"', 'x'.repeat(1 << 20)))
    const cuts = Array.from({ length: 16 }, (_, index) => index << 16)
    expect(modelOf(text, cuts)).toBe(`${'x'.repeat(128)}… (1048576 bytes)`)
  })
})
