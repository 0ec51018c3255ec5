import { describe, expect, test } from 'bun:test'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import { problemsOf } from '../../../src/lib/validate.ts'
import type { StoredConfig } from '../../../src/slots/config/sections.ts'
import { parseToml } from '../../../src/system/files/toml-file.ts'
import { initialConfig, patchOf, schemas, sections } from '../../support/slot-config.ts'

const fromFile = (text: string): StoredConfig => {
  const read = sections.read('primary', parseToml(text, 'primary.toml'))
  if (Array.isArray(read)) throw new Error(JSON.stringify(read))
  return read
}
const problemsIn = (text: string): string[] => {
  const read = sections.read('primary', parseToml(text, 'primary.toml'))
  return Array.isArray(read) ? read.map(({ field, reason }) => `${field} ${reason}`) : []
}
/** A slot after changes, one after the other, as bodies of the API have them. */
const after = (...bodies: Parameters<typeof patchOf>[0][]): StoredConfig =>
  bodies.reduce<StoredConfig>((config, body) => sections.merged(config, patchOf(body)), initialConfig('primary'))
const refusalOf = (body: Parameters<typeof patchOf>[0]): string => {
  try {
    after(body)
  } catch (error) {
    if (error instanceof Hal0Error && error.code === 'request.invalid') return error.message
    throw error
  }
  return 'taken'
}

describe('a file', () => {
  test('has rules and profiles, each part as far as it is needed', () => {
    const { params, profiles, capture } = fromFile(`
      capture = true
      [params]
      default = { temperature = 0.2, stop = ["a", "b"] }
      [profiles.deep]
      fixed = { chat_template_kwargs = { enable_thinking = true } }
      remove = ["top_k"]
      [profiles.plain]
    `)
    expect(params).toEqual({ default: { temperature: 0.2, stop: ['a', 'b'] }, fixed: {}, remove: [] })
    expect(profiles).toEqual({
      deep: { default: {}, fixed: { chat_template_kwargs: { enable_thinking: true } }, remove: ['top_k'] },
      plain: { default: {}, fixed: {}, remove: [] },
    })
    expect(capture).toBe(true)
  })

  test('without rules gives none', () => {
    expect(fromFile('model = "a"')).toMatchObject({
      params: { default: {}, fixed: {}, remove: [] },
      profiles: {},
      capture: false,
    })
  })

  const mistakes: [string, string][] = [
    ['[params]\ndefault = 1', 'params.default must be object'],
    ['params = ["temperature"]', 'params must be object'],
    ['[params]\nremove = "top_k"', 'params.remove must be array'],
    ['[params]\nfixed = { model = "x" }', 'params.fixed.model cannot be about model, which says which slot answers'],
    [
      '[params]\nremove = ["stream"]',
      'params.remove cannot be about stream, which says how the client reads the answer',
    ],
    ['[profiles.deep]\ndefault = { stream = true }', 'profiles.deep.default.stream cannot be about stream'],
    ['[params]\ndefault = { a = 1 }\nfixed = { a = 2 }', 'params.fixed.a is about a, and so is default'],
    ['[params]\ndefault = { a = 1 }\nremove = ["a"]', 'params.remove is about a, and so is default'],
    ['[params]\ndefault = { a = 9007199254740993 }', 'params.default.a holds a whole number beyond 9007199254740991'],
    ['[params]\ndefault = { a = { b = [nan] } }', 'params.default.a holds a number that JSON does not have'],
    ['[params]\ndefault = { a = 1979-05-27T07:32:00Z }', 'params.default.a holds something that JSON does not have'],
    ['[params]\ndefault = { "a b" = 1 }', 'params.default has the key "a b": a key has 1 to 64 letters'],
    ['[profiles.DEEP]\nremove = ["a"]', 'profiles has "DEEP": a profile is called as a slot is'],
    [`[params]\ndefault = { a = ${'['.repeat(20)}${']'.repeat(20)} }`, 'params.default.a nests deeper than 16 levels'],
    [`[params]\ndefault = { a = "${'x'.repeat(70_000)}" }`, 'params is larger than 64 KiB'],
    [`[params]\nremove = [${Array.from({ length: 65 }, (_, i) => `"k${i}"`).join()}]`, 'params has more than 64 keys'],
    [Array.from({ length: 33 }, (_, i) => `[profiles.p${i}]`).join('\n'), 'profiles has more than 32'],
    ['capture = "yes"', 'capture must be boolean'],
  ]
  for (const [text, problem] of mistakes) {
    test(`is refused in words: ${problem}`, () => {
      expect(problemsIn(text).join('\n')).toContain(problem)
    })
  }
})

test('a key that hal0 does not know stays in a file, and what may be meant is said', () => {
  const oddities = (text: string) => fromFile(text).oddities
  expect(oddities('mystery = 1\n[later]\nx = 1\n[llama_cpp]\ncontext_size = 1\n[params]\nremove = []')).toBeUndefined()
  expect(oddities('[llama_cpp]\ncontext_sise = 8192')).toEqual([
    'context_sise in [llama_cpp], which hal0 does not know. Did you mean context_size?',
  ])
  expect(oddities('[params]\ndefualt = { a = 1 }\n[profiles.deep]\ntemperature = 1')).toEqual([
    'defualt in [params], which hal0 does not know. Did you mean default?',
    'temperature in [profiles.deep], which hal0 does not know. Keys of the JSON of requests go into default, fixed or remove there.',
  ])
})

describe('a change', () => {
  test('sets one key of one part, and leaves the others', () => {
    const config = after(
      { params: { default: { temperature: 0.2 } } },
      { params: { default: { top_k: 1 }, remove: ['seed'] } },
      { params: { fixed: { stop: { nested: [1] } } } },
      { params: { fixed: { stop: { other: true } } } },
    )
    expect(config.params).toEqual({
      default: { temperature: 0.2, top_k: 1 },
      // A value is set as a whole.
      fixed: { stop: { other: true } },
      remove: ['seed'],
    })
  })

  test('takes keys, parts, profiles or everything away with null', () => {
    const full = {
      params: { default: { a: 1, b: 2 }, fixed: { c: 3 }, remove: ['d'] },
      profiles: { deep: { fixed: { a: 1 } }, fast: { fixed: { a: 2 } } },
    }
    expect(after(full, { params: { default: { a: null } } }).params.default).toEqual({ b: 2 })
    expect(after(full, { params: { default: null, remove: null } }).params).toEqual({
      default: {},
      fixed: { c: 3 },
      remove: [],
    })
    expect(Object.keys(after(full, { profiles: { deep: null } }).profiles)).toEqual(['fast'])
    // A profile without rules is still a name that clients may use.
    expect(after(full, { profiles: { deep: { fixed: { a: null } } } }).profiles.deep).toEqual({
      default: {},
      fixed: {},
      remove: [],
    })
    expect(after(full, { params: null, profiles: null })).toMatchObject({ params: { default: {} }, profiles: {} })
  })

  test('is refused where a file would be', () => {
    expect(refusalOf({ params: { fixed: { model: 'x' } } })).toBe(
      'The configuration is not valid: params.fixed.model cannot be about model, which says which slot answers.',
    )
    expect(refusalOf({ params: { default: { a: { b: null } } } })).toContain('params.default.a holds null')
    expect(refusalOf({ profiles: { 'a:b': {} } })).toContain('a profile is called as a slot is')
    expect(refusalOf({ params: { default: { __proto__: { a: 1 } } } })).toBe('taken')
    expect(refusalOf({ model: 'a' })).toBe('taken')
  })

  test('is what the schema of the API takes, unknown parts excepted', () => {
    expect(problemsOf(schemas.SlotPatch, { params: { default: { a: [1, { b: 'c' }] } }, profiles: null })).toEqual([])
    expect(problemsOf(schemas.SlotPatch, { profiles: { deep: { fixd: {} } } })[0]).toMatchObject({
      field: 'profiles.deep.fixd',
    })
  })

  test('of a file leaves what hal0 does not know in it', () => {
    const table = parseToml('[params]\nmine = 1\ndefault = { a = 1 }\n[profiles.deep]\nnote = "x"', 'primary.toml')
    expect(sections.edit(table, patchOf({ params: { default: { a: null, b: 2 } } }))).toEqual({
      params: { mine: 1, default: { b: 2 } },
    })
    expect(sections.edit(table, patchOf({ profiles: { deep: { fixed: { c: 3 } } } }))).toEqual({
      profiles: { deep: { note: 'x', fixed: { c: 3 } } },
    })
    expect(sections.edit({ params: { default: { a: 1 } } }, patchOf({ params: { default: { a: null } } }))).toEqual({
      params: undefined,
    })
  })
})
