/**
 * A tiny model with random weights that llama.cpp loads and serves: a plumbing check, for machines without a model and for tests.
 * Its answers are invented words, about a hundred at usual temperatures. At temperature 0, and with `ignore_eos`, they continue
 * until `max_tokens` or the end of the context. Its vectors and scores are meaningless.
 */
import { type GgufValue, writeGguf } from './gguf-writer.ts'
import { chatTensors, encoderTensors, RandomWeights } from './plumbing-tensors.ts'
import { beginToken, endToken, plumbingVocabulary, type Token, unknownToken } from './plumbing-vocabulary.ts'

export interface PlumbingOptions {
  /** The same seed makes the same file. */
  seed: number
  /** chat: architecture llama; embedding and rerank: architecture bert, like real models of these kinds. */
  kind: 'chat' | 'embedding' | 'rerank'
  layers?: number
  /** Length of a token's vector: a multiple of 16. */
  width?: number
}

/** What `general.name` says, and thus the registry and the dashboard. */
export const plumbingName = 'Plumbing check (random weights: every answer is gibberish)'

const contextLength = { chat: 8192, encoder: 512 }
const headWidth = 16

/**
 * Writes the model to `path`: about 0.6 MB with 2 layers of width 64.
 * @throws Hal0Error `storage.full`, `storage.failed`
 */
export const writePlumbingModel = (path: string, options: PlumbingOptions): Promise<void> => {
  const { seed, kind, layers = 2, width = 64 } = options
  const vocabulary = plumbingVocabulary()
  const random = new RandomWeights(seed)
  const metadata = { ...describe(kind, layers, width), ...describeVocabulary(vocabulary, kind) }
  const tensors =
    kind === 'chat'
      ? chatTensors(random, vocabulary, layers, width)
      : encoderTensors(random, vocabulary.length, contextLength.encoder, layers, width, kind === 'rerank')
  return writeGguf(path, metadata, tensors)
}

const u32 = (value: number): GgufValue => ({ kind: 'u32', value })
const f32 = (value: number): GgufValue => ({ kind: 'f32', value })
const string = (value: string): GgufValue => ({ kind: 'string', value })
const bool = (value: boolean): GgufValue => ({ kind: 'bool', value })

/** Puts each message on its own line, so that no special token is needed. */
const chatTemplate = `{% for message in messages %}{{ message.role }}: {{ message.content }}
{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}`

const describe = (kind: PlumbingOptions['kind'], layers: number, width: number): Record<string, GgufValue> => {
  const arch = kind === 'chat' ? 'llama' : 'bert'
  const shape = {
    'general.architecture': string(arch),
    'general.name': string(plumbingName),
    'general.file_type': u32(0),
    [`${arch}.context_length`]: u32(kind === 'chat' ? contextLength.chat : contextLength.encoder),
    [`${arch}.embedding_length`]: u32(width),
    [`${arch}.block_count`]: u32(layers),
    [`${arch}.feed_forward_length`]: u32(width),
    [`${arch}.attention.head_count`]: u32(width / headWidth),
  }
  if (kind === 'chat') {
    return {
      ...shape,
      'llama.attention.layer_norm_rms_epsilon': f32(1e-5),
      'llama.rope.dimension_count': u32(headWidth),
      'tokenizer.chat_template': string(chatTemplate),
    }
  }
  return {
    ...shape,
    'bert.attention.layer_norm_epsilon': f32(1e-5),
    'bert.attention.causal': bool(false),
    'bert.pooling_type': u32(kind === 'embedding' ? 1 : 4),
    'tokenizer.ggml.token_type_count': u32(1),
  }
}

const describeVocabulary = (vocabulary: Token[], kind: PlumbingOptions['kind']): Record<string, GgufValue> => ({
  'tokenizer.ggml.model': string('llama'),
  'tokenizer.ggml.tokens': { kind: 'strings', value: vocabulary.map((token) => token.text) },
  'tokenizer.ggml.scores': { kind: 'f32s', value: vocabulary.map((_, id) => -id) },
  'tokenizer.ggml.token_type': { kind: 'i32s', value: vocabulary.map((token) => token.type) },
  'tokenizer.ggml.unknown_token_id': u32(unknownToken),
  'tokenizer.ggml.bos_token_id': u32(beginToken),
  'tokenizer.ggml.eos_token_id': u32(endToken),
  'tokenizer.ggml.add_bos_token': bool(true),
  // A reranker tells the query from the document by it.
  'tokenizer.ggml.add_eos_token': bool(kind !== 'chat'),
})
