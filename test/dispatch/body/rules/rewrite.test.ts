import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { BodyRules } from '../../../../src/contract/rules/slot-rules.ts'
import { BodyPieces } from '../../../../src/dispatch/body/body-pieces.ts'
import { keyRules } from '../../../../src/dispatch/body/rules/key-rules.ts'
import { rewrite } from '../../../../src/dispatch/body/rules/rewrite.ts'
import { Hal0Error } from '../../../../src/lib/hal0-error.ts'

const set = (rules: Partial<BodyRules> = {}): BodyRules => ({ default: {}, fixed: {}, remove: [], ...rules })
/** The text in pieces of `size` bytes. */
const bodyOf = (text: string, size = text.length): BodyPieces => {
  const bytes = Buffer.from(text)
  if (size >= bytes.length) return BodyPieces.of(bytes)
  const body = new BodyPieces()
  // `add` joins small pieces: a list of its own keeps them apart.
  const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  )
  body.bytes = bytes.length
  body.take = () => pieces
  body.list = () => pieces
  return body
}
const textOf = (body: BodyPieces): string => Buffer.concat([...body.list()]).toString()
const rewritten = async (text: string, rules: Partial<BodyRules>, size?: number): Promise<string> => {
  const body = await rewrite(bodyOf(text, size), keyRules({ params: set(rules), profiles: {} }))
  const out = textOf(body)
  expect(body.bytes).toBe(Buffer.byteLength(out))
  return out
}

test('without rules a body is passed on as it is: the same object, whose pieces are not read', () => {
  const body = BodyPieces.of(Buffer.from('a'))
  body.list = () => {
    throw new Error('somebody looked')
  }
  body.take = body.list as () => Buffer[]
  for (const profiles of [{}, { deep: set() }]) {
    expect(rewrite(body, keyRules({ params: set(), profiles }))).toBe(body)
  }
  expect(rewrite(body, keyRules({ params: set(), profiles: { deep: set() } }, 'deep'))).toBe(body)
})

describe('rules change the text of their keys and nothing else:', () => {
  const big = '"seed":12345678901234567890,"p":0.1000000000000000055511151231257827,"e":1E400'
  const cases: [string, Partial<BodyRules>, string, string][] = [
    ['a key is filled in', { default: { t: 0.2 } }, '{"model":"a"}', '{"model":"a","t":0.2}'],
    ['what the client gave stays', { default: { t: 0.2 } }, '{"t" : 1.0 ,"model":"a"}', '{"t" : 1.0 ,"model":"a"}'],
    ['null is what no client gave', { default: { t: 0.2 } }, '{"t": null ,"model":"a"}', '{"t": 0.2 ,"model":"a"}'],
    ['a value is set in its place', { fixed: { t: 2 } }, '{"t": 1, "model":"a"}', '{"t": 2, "model":"a"}'],
    ['or at the end', { fixed: { t: { a: [1] } } }, '{"model":"a" }', '{"model":"a","t":{"a":[1]} }'],
    ['nested values as a whole', { fixed: { o: { b: 2 } } }, '{"o":{"a":[{}]},"m":1}', '{"o":{"b":2},"m":1}'],
    ['the first is taken out', { remove: ['a'] }, '{ "a":1, "b":2 }', '{ "b":2 }'],
    ['one between', { remove: ['b'] }, '{"a":1 , "b":[2,{}] , "c":3}', '{"a":1 , "c":3}'],
    ['the last', { remove: ['c'] }, '{"a":1 , "b":2 , "c":"," }', '{"a":1 , "b":2 }'],
    ['several at the end', { remove: ['b', 'c'] }, '{"a":1,"b":2,"c":3}', '{"a":1}'],
    ['all of them', { remove: ['a', 'b'] }, '{ "a":1,"b":2 }', '{  }'],
    ['all of them, with something new', { remove: ['a'], fixed: { z: 1 } }, '{"a":1}', '{"z":1}'],
    [
      'the last, with something new',
      { remove: ['b'], default: { z: 1, y: 2 } },
      '{"a":1,"b":2}',
      '{"a":1,"z":1,"y":2}',
    ],
    ['an empty object', { default: { z: 1 } }, ' { } ', ' {"z":1 } '],
    ['escapes hide no key', { remove: ['top_k'] }, '{"a":1,"t\\u006fp_k":5}', '{"a":1}'],
    [
      'a key within a value is not meant',
      { remove: ['a'] },
      '{"b":{"a":1},"c":["a","\\"a\\":1,"]}',
      '{"b":{"a":1},"c":["a","\\"a\\":1,"]}',
    ],
    ['of several with one name, one is set', { fixed: { t: 2 } }, '{"t":0,"a":1,"t":1}', '{"t":2,"a":1}'],
    ['of several, the last counts', { default: { t: 2 } }, '{"t":0,"t":null,"a":1}', '{"t":0,"t":2,"a":1}'],
    ['numbers keep their bytes', { default: { z: 1 } }, `{${big}}`, `{${big},"z":1}`],
    ['a byte order mark stays', { remove: ['a'] }, '\ufeff{"a":1,"b":"😀"}', '\ufeff{"b":"😀"}'],
    ['texts of other alphabets', { fixed: { t: '模型 "😀"' } }, '{"t":"ä"}', '{"t":"模型 \\"😀\\""}'],
  ]
  for (const [what, rules, before, after] of cases) {
    test(`${what}, wherever the body is cut`, async () => {
      for (let size = 1; size <= before.length; size++) expect(await rewritten(before, rules, size)).toBe(after)
    })
  }
})

test('a body of many turns is changed too, without a copy of its pieces', async () => {
  const pieces = [Buffer.from('{"t":1,"x":"'), Buffer.alloc(1 << 20, 'y'), Buffer.from('","model":"a"}')]
  const body = new BodyPieces()
  for (const piece of pieces) body.add(piece)
  const changing = rewrite(body, keyRules({ params: set({ fixed: { t: 2 }, default: { z: 3 } }), profiles: {} }))
  expect(changing).toBeInstanceOf(Promise)
  const changed = await changing
  expect(textOf(changed)).toBe(`{"t":2,"x":"${'y'.repeat(1 << 20)}","model":"a","z":3}`)
  expect(changed.list().some(({ buffer }) => buffer === pieces[1]?.buffer)).toBe(true)
  expect(body.list()).toEqual([])
})

test('a body that names the same keys thousands of times is refused', () => {
  const text = `{${'"a":1,"b":1,'.repeat(2000)}"model":"x"}`
  const refused = () => rewrite(bodyOf(text), keyRules({ params: set({ remove: ['a'] }), profiles: {} }))
  expect(refused).toThrow(Hal0Error)
  expect(refused).toThrow('again and again')
})

describe('a profile', () => {
  const params = set({ default: { a: 1, b: 1 }, fixed: { c: 1 }, remove: ['d', 'e'] })
  const profiles = { deep: set({ fixed: { a: 2, d: 2 }, default: { c: 2 }, remove: ['b'] }) }
  const through = async (body: object, profile?: string): Promise<unknown> =>
    JSON.parse(textOf(await rewrite(bodyOf(JSON.stringify(body)), keyRules({ params, profiles }, profile))))

  test('adds its rules to those of the slot, and what it says about a key counts', async () => {
    const client = { a: 0, b: 0, c: 0, d: 0, e: 0, f: 0 }
    expect(await through(client)).toEqual({ a: 0, b: 0, c: 1, f: 0 })
    expect(await through(client, 'deep')).toEqual({ a: 2, c: 0, d: 2, f: 0 })
    expect(await through({})).toEqual({ a: 1, b: 1, c: 1 })
    expect(await through({}, 'deep')).toEqual({ a: 2, c: 2, d: 2 })
  })
})

describe('for any body and rules', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd', 'model')
  const value = fc.constantFrom('1', 'null', '"x"', '"a,b}\\"]"', '[1, {"a":2}]', '{"b":{}}', '1e5', ' true ')
  const blank = fc.constantFrom('', ' ', '\n\t')
  const member = fc.tuple(blank, key, blank, value, blank)
  const rules = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'z'), fc.constantFrom('fixed', 'default', 'remove'))

  test('the result is what a parser would make of it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(member, { maxLength: 8 }),
        rules,
        fc.integer({ min: 1, max: 40 }),
        async (members, kinds, size) => {
          const text = `{${members.map(([before, name, colon, one, after]) => `${before}"${name}"${colon}:${one}${after}`).join()}}`
          const wanted = JSON.parse(text) as Record<string, unknown>
          const made = set()
          for (const [name, kind] of Object.entries(kinds)) {
            if (kind === 'remove') {
              made.remove.push(name)
              delete wanted[name]
            } else {
              made[kind as 'fixed' | 'default'][name] = { by: kind }
              if (kind === 'fixed' || wanted[name] == null) wanted[name] = { by: kind }
            }
          }
          expect(JSON.parse(await rewritten(text, made, size))).toEqual(wanted)
        },
      ),
      { numRuns: 2000 },
    )
  })
})
