import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { modelIdPattern } from '../../src/contract/slot.ts'
import { defaultId, parseShardName, shardFileName } from '../../src/models/file-name.ts'

test.each([
  ['Qwen2.5-0.5B-Instruct-Q4_K_M.gguf', 'qwen2.5-0.5b-instruct-q4_k_m'],
  ['Big-Q8_0-00002-of-00003.gguf', 'big-q8_0'],
  ['my model (final)!.GGUF', 'my-model-final'],
  ['a..b...c.gguf', 'a.b.c'],
  ['../.hidden.gguf', 'hidden'],
  ['no-suffix', 'no-suffix'],
  ['модель.gguf', ''],
])('the default id of %s is %p', (fileName, id) => {
  expect(defaultId(fileName)).toBe(id)
})

test('every default id is a valid id or empty', () => {
  const valid = new RegExp(modelIdPattern)
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ maxLength: 300 }),
        fc.string({ unit: fc.constantFrom('.', '-', 'A', '_', ' '), maxLength: 200 }),
      ),
      (name) => {
        const id = defaultId(name)
        return id === '' || valid.test(id)
      },
    ),
  )
})

test('a shard name is taken apart and put together again', () => {
  const name = 'model-q4-00002-of-00012.gguf'
  const shard = parseShardName(name)
  expect(shard).toEqual({ stem: 'model-q4', no: 2, count: 12 })
  expect(shardFileName('model-q4', 2, 12)).toBe(name)
  expect(parseShardName('model-2-of-12.gguf')).toBeNull()
})
