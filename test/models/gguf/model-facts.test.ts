import { describe, expect, test } from 'bun:test'
import { attentionOf, type Metadata } from '../../../src/models/gguf/attention.ts'
import type { GgufHeader } from '../../../src/models/gguf/header.ts'
import { modelFacts } from '../../../src/models/gguf/model-facts.ts'

const header = (about: Partial<GgufHeader>): GgufHeader => ({
  version: 3,
  architecture: 'llama',
  name: null,
  type: null,
  fileType: null,
  contextLength: null,
  poolingType: null,
  attention: attentionOf(new Map(), ''),
  embeddingLength: null,
  projectionDim: null,
  splitNo: null,
  splitCount: null,
  tensors: 1,
  parameters: 10,
  parametersByType: new Map([[0, 10]]),
  dataBytes: 40,
  ...about,
})

const kind = (architecture: string, poolingType: number | null = null) =>
  modelFacts([header({ architecture, poolingType })], 'x.gguf', 'x').kind

describe('the kind of a model', () => {
  test.each([
    ['llama', null, 'chat'],
    ['qwen2', 0, 'chat'],
    ['qwen3', 3, 'embedding'],
    ['qwen3', 4, 'rerank'],
    ['bert', null, 'embedding'],
    ['bert', 4, 'rerank'],
    ['nomic-bert-moe', 1, 'embedding'],
    ['jina-bert-v2', 2, 'embedding'],
    ['modern-bert', null, 'embedding'],
    ['t5encoder', null, 'embedding'],
    ['gemma-embedding', 1, 'embedding'],
    ['t5', null, 'chat'],
    ['clip', null, 'mmproj'],
  ] as const)('architecture %s with pooling %p is %s', (architecture, pooling, expected) => {
    expect(kind(architecture, pooling)).toBe(expected)
  })
})

describe('the quantisation', () => {
  const quantization = (fileType: number | null, fileName: string, types: [number, number][] = []) =>
    modelFacts([header({ fileType, parametersByType: new Map(types) })], fileName, 'x').quantization

  test.each([
    [0, 'F32'],
    [1, 'F16'],
    [7, 'Q8_0'],
    [15, 'Q4_K_M'],
    [32, 'BF16'],
  ])('is the one that file type %p stands for', (fileType, expected) => {
    expect(quantization(fileType, 'model-q2_k.gguf')).toBe(expected)
  })

  test.each([
    ['qwen2.5-0.5b-instruct-q4_k_m.gguf', 'Q4_K_M'],
    ['Model-UD-IQ2_XXS.gguf', 'UD-IQ2_XXS'],
    ['gpt-oss-20b-MXFP4.gguf', 'MXFP4'],
    ['from-f16-to-Q8_0-00001-of-00002.gguf', 'Q8_0'],
    ['model-bf16.gguf', 'BF16'],
  ])('is the last one named in %s if the header has none or an unknown one', (fileName, expected) => {
    expect(quantization(null, fileName)).toBe(expected)
    expect(quantization(9999, fileName)).toBe(expected)
  })

  test('is otherwise the type of most weights, over all shards', () => {
    const first = header({ parametersByType: new Map([[0, 100]]) })
    const second = header({
      parametersByType: new Map([
        [0, 1],
        [14, 500],
      ]),
    })
    expect(modelFacts([first, second], 'model.gguf', 'x').quantization).toBe('Q6_K')
  })
})

test('weights are summed over the shards, everything else comes from the first', () => {
  const facts = modelFacts(
    [header({ name: 'Big', contextLength: 4096, parameters: 5 }), header({ name: 'Other', parameters: 7 })],
    'big.gguf',
    'big',
  )
  expect(facts).toMatchObject({ name: 'Big', context_length: 4096, parameters: 12 })
})

test('a name loses control characters, and is the id when nothing is left', () => {
  expect(modelFacts([header({ name: '\u001b[31mRed\n' })], 'x.gguf', 'x').name).toBe('[31mRed')
  expect(modelFacts([header({ name: ' \u0007 ' })], 'x.gguf', 'the-id').name).toBe('the-id')
})

describe('the memory of a model', () => {
  const memory = (about: Partial<GgufHeader>) => modelFacts([header(about), header({})], 'x.gguf', 'x').memory

  test('is the tensors of all its files, and a cache unless it is an encoder or a projector', () => {
    const keys: Metadata = new Map([
      ['llama.block_count', 2],
      ['llama.embedding_length', 64],
      ['llama.attention.head_count', 8],
    ])
    const attention = attentionOf(keys, 'llama')
    const cache = [{ layers: 2, key: 64, value: 64, window: null }]
    expect(memory({ attention })).toEqual({ weights: 80, layers: 2, kv: cache })
    expect(memory({ attention, architecture: 'bert' })).toEqual({ weights: 80, layers: 2, kv: [] })
    expect(memory({ attention, architecture: 'clip' })?.kv).toEqual([])
    expect(memory({})).toEqual({ weights: 80, layers: null, kv: null })
  })
})
