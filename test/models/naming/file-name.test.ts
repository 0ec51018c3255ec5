import { expect, test } from 'bun:test'
import { parseShardName, shardFileName } from '../../../src/models/naming/file-name.ts'

test('a shard name can be parsed and built again', () => {
  const name = 'model-q4-00002-of-00012.gguf'
  const shard = parseShardName(name)
  expect(shard).toEqual({ stem: 'model-q4', no: 2, count: 12 })
  expect(shardFileName('model-q4', 2, 12)).toBe(name)
  expect(parseShardName('model-2-of-12.gguf')).toBeNull()
})
