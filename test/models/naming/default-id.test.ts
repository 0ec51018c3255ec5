import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { modelIdPattern } from '../../../src/contract/slot.ts'
import { defaultId, modelIds } from '../../../src/models/naming/default-id.ts'

const valid = new RegExp(modelIdPattern)

test.each([
  ['Qwen2.5-0.5B-Instruct-Q4_K_M.gguf', 'qwen2.5-0.5b-instruct-q4_k_m'],
  ['Big-Q8_0-00002-of-00003.gguf', 'big-q8_0'],
  ['my model (final)!.GGUF', 'my-model-final'],
  ['a..b...c.gguf', 'a.b.c'],
  ['../.hidden.gguf', 'hidden'],
  ['no-suffix', 'no-suffix'],
  ['gpt--oss.gguf', 'gpt--oss'],
  ['Été-7B-Q4_K_M.gguf', 'ete-7b-q4_k_m'],
  ['Bjørn-Straße-Q8_0.gguf', 'bjorn-strasse-q8_0'],
  ['Ｑｗｅｎ３-Q8_0.gguf', 'qwen3-q8_0'],
])('the default id of %s is %s', (fileName, id) => {
  expect(defaultId(fileName)).toBe(id)
  expect(defaultId(fileName, 'acme/other-GGUF')).toBe(id)
})

test.each([
  ['模型-Q8_0.gguf', 'repo-q8_0', /^model-q8_0-[0-9a-f]{6}$/],
  ['模型.gguf', 'repo', /^model-[0-9a-f]{6}$/],
  ['модель-7B-Q4_K_M.gguf', 'repo-7b-q4_k_m', /^model-7b-q4_k_m-[0-9a-f]{6}$/],
  ['Repo-模型-Q8_0.gguf', 'repo-q8_0', /^model-repo-q8_0-[0-9a-f]{6}$/],
  ['🦙-Q4_0.gguf', 'repo-q4_0', /^model-q4_0-[0-9a-f]{6}$/],
  ['---.gguf', 'repo', /^model-[0-9a-f]{6}$/],
])('the id of %s, whose letters an id cannot have, comes from the repository', (fileName, fromHub, fromHere) => {
  expect(defaultId(fileName, 'org/Repo-GGUF')).toBe(fromHub)
  expect(defaultId(fileName)).toMatch(fromHere)
})

test('two names in other scripts have two ids', () => {
  expect(defaultId('模型-Q8_0.gguf')).not.toBe(defaultId('另一-Q8_0.gguf'))
  const ids = modelIds(['模型-Q8_0.gguf', '另一-Q8_0.gguf', 'Q8.gguf'], 'org/repo')
  expect(ids.map((id) => id.slice(0, 10))).toEqual(['repo-q8_0-', 'repo-q8_0-', 'q8'])
  expect(new Set(ids).size).toBe(3)
})

test('a label that only the folder has is in the id', () => {
  expect(modelIds(['Q4_K_M/model.gguf', 'UD-Q4_K_XL/model-00001-of-00002.gguf', 'model.gguf'], 'org/repo')).toEqual([
    'model-q4_k_m',
    'model-ud-q4_k_xl',
    'model',
  ])
})

test('files with one name in two folders are distinguished by the folders', () => {
  expect(modelIds(['v1/tiny-Q8_0.gguf', 'v2/tiny-Q8_0.gguf', 'tiny-Q4_0.gguf'], 'org/repo')).toEqual([
    'v1-tiny-q8_0',
    'v2-tiny-q8_0',
    'tiny-q4_0',
  ])
})

test('long names that differ only at the end have two ids, with room for the projector’s suffix', () => {
  const [a = '', b = ''] = ['Q4_K_M', 'Q8_0'].map((label) => defaultId(`${'x'.repeat(200)}-${label}.gguf`))
  expect(a).not.toBe(b)
  expect(valid.test(`${a}-mmproj`)).toBe(true)
})

test('every default id is valid, and those of one repository are unique', () => {
  const name = fc.oneof(
    fc.string({ maxLength: 300 }),
    fc.string({ unit: 'grapheme', maxLength: 40 }),
    fc.string({ unit: fc.constantFrom('.', '-', 'A', 'a', '_', ' ', '/', '模', 'é'), maxLength: 200 }),
  )
  fc.assert(
    fc.property(
      name,
      fc.uniqueArray(name, { maxLength: 6 }),
      fc.constantFrom('a/b-GGUF', 'a/gguf', 'a/B.c_'),
      (one, paths, repo) => {
        expect(defaultId(one)).toMatch(valid)
        expect(defaultId(one, repo)).toMatch(valid)
        const ids = modelIds(paths, repo)
        for (const id of ids) expect(id).toMatch(valid)
        expect(new Set(ids).size).toBe(paths.length)
      },
    ),
    { numRuns: 500 },
  )
})
