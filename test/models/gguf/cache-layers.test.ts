/** The KV cache that the headers of well-known models ask for. */
import { describe, expect, test } from 'bun:test'
import { attentionOf, type Metadata } from '../../../src/models/gguf/attention.ts'
import { cacheLayers } from '../../../src/models/gguf/cache-layers.ts'

/** Keys below `<architecture>.`, as the files have them. */
const layersOf = (architecture: string, keys: Record<string, number | number[]>) => {
  const found: Metadata = new Map(Object.entries(keys).map(([key, value]) => [`${architecture}.${key}`, value]))
  return cacheLayers(attentionOf(found, architecture), architecture)
}
const qwen = { block_count: 24, embedding_length: 896, 'attention.head_count': 14, 'attention.head_count_kv': 2 }

describe('the cache of', () => {
  test('Qwen2.5 0.5B: the length of a key is the embedding divided by the heads', () => {
    expect(layersOf('qwen2', qwen)).toEqual([{ layers: 24, key: 128, value: 128, window: null }])
  })

  test('Qwen3 4B: the file gives the length of keys and values', () => {
    const keys = { ...qwen, block_count: 36, 'attention.head_count_kv': 8, 'attention.key_length': 128 }
    expect(layersOf('qwen3', { ...keys, 'attention.value_length': 64 })).toEqual([
      { layers: 36, key: 1024, value: 512, window: null },
    ])
  })

  test('a model without grouped heads: each head has its own keys', () => {
    const { 'attention.head_count_kv': _, ...keys } = qwen
    expect(layersOf('llama', keys)).toEqual([{ layers: 24, key: 896, value: 896, window: null }])
  })

  test('Gemma 3 4B: five of six layers see a window', () => {
    const keys = {
      block_count: 34,
      embedding_length: 2560,
      'attention.head_count': 8,
      'attention.head_count_kv': 4,
      'attention.key_length': 256,
      'attention.value_length': 256,
      'attention.sliding_window': 1024,
    }
    expect(layersOf('gemma3', keys)).toEqual([
      { layers: 29, key: 1024, value: 1024, window: 1024 },
      { layers: 5, key: 1024, value: 1024, window: null },
    ])
  })

  test('gpt-oss 20B: every second layer sees a window', () => {
    const keys = {
      block_count: 24,
      embedding_length: 2880,
      'attention.head_count': 64,
      'attention.head_count_kv': 8,
      'attention.key_length': 64,
      'attention.value_length': 64,
      'attention.sliding_window': 128,
    }
    expect(layersOf('gpt-oss', keys)).toEqual([
      { layers: 12, key: 512, value: 512, window: 128 },
      { layers: 12, key: 512, value: 512, window: null },
    ])
  })

  test('a model whose file says which layers have a window, and that their keys are shorter', () => {
    const keys = { ...qwen, block_count: 4, 'attention.sliding_window': 512, 'attention.key_length_swa': 32 }
    expect(layersOf('novel', { ...keys, 'attention.sliding_window_pattern': [1, 1, 0, 1] })).toEqual([
      { layers: 3, key: 64, value: 128, window: 512 },
      { layers: 1, key: 128, value: 128, window: null },
    ])
    expect(layersOf('novel', { ...keys, 'attention.sliding_window_pattern': 2 })).toEqual([
      { layers: 2, key: 64, value: 128, window: 512 },
      { layers: 2, key: 128, value: 128, window: null },
    ])
  })

  test('a model whose window the engine ignores: all layers are whole', () => {
    expect(layersOf('llama', { ...qwen, 'attention.sliding_window': 4096 })).toEqual([
      { layers: 24, key: 128, value: 128, window: null },
    ])
  })

  test('a hybrid: layers without heads have none', () => {
    const keys = { block_count: 4, embedding_length: 512, 'attention.head_count': 8 }
    expect(layersOf('lfm2', { ...keys, 'attention.head_count_kv': [0, 0, 8, 4] })).toEqual([
      { layers: 1, key: 512, value: 512, window: null },
      { layers: 1, key: 256, value: 256, window: null },
    ])
    expect(layersOf('mamba', { ...keys, 'attention.head_count_kv': 0 })).toEqual([])
  })

  test('Qwen3-Next: every fourth layer has attention', () => {
    expect(layersOf('qwen3next', { ...qwen, block_count: 48, full_attention_interval: 4 })).toEqual([
      { layers: 12, key: 128, value: 128, window: null },
    ])
  })

  test('Gemma 3n: the last layers use the cache of others', () => {
    expect(layersOf('gemma3n', { ...qwen, block_count: 35, 'attention.shared_kv_layers': 15 })).toEqual([
      { layers: 20, key: 128, value: 128, window: null },
    ])
  })
})

describe('a header that says too little', () => {
  test.each([
    ['no layers', { block_count: undefined }],
    ['no heads', { 'attention.head_count': undefined, 'attention.head_count_kv': undefined }],
    ['no embedding', { embedding_length: undefined }],
    ['a million layers', { block_count: 1_000_000 }],
    ['fewer heads than layers', { 'attention.head_count_kv': [2], 'attention.head_count': [14] }],
  ])('with %s has an unknown cache', (_, changes) => {
    const keys = Object.entries({ ...qwen, ...changes }).filter(([, value]) => value !== undefined)
    expect(layersOf('llama', Object.fromEntries(keys) as Record<string, number>)).toBeNull()
  })
})
