/** Sizes of caches, as the engine prints them. */
import { expect, test } from 'bun:test'
import { cacheBytes } from '../../../src/models/fit/kv-cache.ts'

const MiB = 2 ** 20
const qwen = [{ layers: 24, key: 128, value: 128, window: null }]
const llama = [{ layers: 16, key: 512, value: 512, window: null }]
const gemma = [
  { layers: 29, key: 1024, value: 1024, window: 1024 },
  { layers: 5, key: 1024, value: 1024, window: null },
]

test.each([
  ['Qwen2.5 0.5B with 8192 tokens', qwen, 8192, 'f16', 96],
  ['Llama 3.2 1B with 8192 tokens', llama, 8192, 'f16', 256],
  ['Llama 3.2 1B with 8192 tokens, quantised', llama, 8192, 'q8_0', 136],
  ['Llama 3.2 1B with 4096 tokens in single precision', llama, 4096, 'f32', 256],
  ['Llama 3.2 1B with 8192 tokens at four bits', llama, 8192, 'q4_0', 72],
  // 29 layers of 1024 × 4 + 512 tokens, 5 of 8192.
  ['Gemma 3 4B with 8192 tokens', gemma, 8192, 'f16', 522 + 160],
  ['Gemma 3 4B with fewer tokens than its window holds', gemma, 2048, 'f16', 232 + 40],
] as const)('%s', (_, groups, context, type, expected) => {
  expect(cacheBytes([...groups], context, type, type) / MiB).toBe(expected)
})

test('keys and values may be of different types', () => {
  expect(cacheBytes(llama, 8192, 'q8_0', 'f16') / MiB).toBe(128 + 68)
})

test('whole multiples of 256 tokens are held', () => {
  expect(cacheBytes(qwen, 8000)).toBe(cacheBytes(qwen, 8192))
  expect(cacheBytes(qwen, 0)).toBe(0)
})

test('an encoder has none', () => {
  expect(cacheBytes([], 8192)).toBe(0)
})
