/** The random tensors of the plumbing check, with the names and shapes that llama.cpp's loader expects for each architecture. */
import type { GgufTensor } from './gguf-writer.ts'
import { endToken, type Token } from './plumbing-vocabulary.ts'

/** Uniform random numbers by the mulberry32 generator. */
export class RandomWeights {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 0
  }

  /** `count` numbers between -scale and scale. */
  draw(count: number, scale: number): Float32Array {
    const weights = new Float32Array(count)
    let state = this.#state
    for (let index = 0; index < count; index++) {
      state = (state + 0x6d2b79f5) | 0
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
      weights[index] = (((mixed ^ (mixed >>> 14)) >>> 0) / 0x8000_0000 - 1) * scale
    }
    this.#state = state
    return weights
  }
}

/**
 * Measured with llama.cpp's own sampling: answers end after about 160 tokens at temperature 0.8 with 10.5, after 84 with 12.
 */
const endWeight = 11

const ones = (count: number): Float32Array => new Float32Array(count).fill(1)

/**
 * The first number of every token's vector is the same large one, and no layer adds to it. The output matrix multiplies it by a
 * positive weight for words and by a negative one for other tokens. Those come out about 20 logits lower, so that an answer
 * consists of words, and never of half a UTF-8 character. The end of an answer is a little likelier than a word, in any context.
 */
export const chatTensors = (
  random: RandomWeights,
  vocabulary: Token[],
  layers: number,
  width: number,
): GgufTensor[] => {
  const tokens = vocabulary.length
  const scale = 1 / Math.sqrt(width)
  const embedding = (): Float32Array => {
    const weights = random.draw(tokens * width, 1)
    for (let id = 0; id < tokens; id++) weights[id * width] = Math.sqrt(width) / 2
    return weights
  }
  const output = (): Float32Array => {
    const weights = random.draw(tokens * width, 3.5 * scale)
    vocabulary.forEach((token, id) => {
      if (!token.answers) weights.fill(0, id * width, (id + 1) * width)
      weights[id * width] = token.answers ? 1 : -8
    })
    weights[endToken * width] = 1 + endWeight * scale
    return weights
  }
  /** A matrix that writes back into the token's vector and leaves its first number unchanged. */
  const back = (): Float32Array => random.draw(width * width, (3 * scale) / Math.sqrt(layers)).fill(0, 0, width)
  const square = (): Float32Array => random.draw(width * width, 2 * scale)
  const matrix = (name: string, weights: () => Float32Array): GgufTensor => ({ name, shape: [width, width], weights })
  const norm = (name: string): GgufTensor => ({ name, shape: [width], weights: () => ones(width) })
  const layer = (_: unknown, index: number): GgufTensor[] => [
    norm(`blk.${index}.attn_norm.weight`),
    matrix(`blk.${index}.attn_q.weight`, square),
    matrix(`blk.${index}.attn_k.weight`, square),
    matrix(`blk.${index}.attn_v.weight`, square),
    matrix(`blk.${index}.attn_output.weight`, back),
    norm(`blk.${index}.ffn_norm.weight`),
    matrix(`blk.${index}.ffn_gate.weight`, square),
    matrix(`blk.${index}.ffn_up.weight`, square),
    matrix(`blk.${index}.ffn_down.weight`, back),
  ]
  return [
    { name: 'token_embd.weight', shape: [width, tokens], weights: embedding },
    ...Array.from({ length: layers }, layer).flat(),
    norm('output_norm.weight'),
    { name: 'output.weight', shape: [width, tokens], weights: output },
  ]
}

/** A BERT encoder, for `scores` with the two dense layers that make one number of a pair of texts. */
export const encoderTensors = (
  random: RandomWeights,
  tokens: number,
  positions: number,
  layers: number,
  width: number,
  scores: boolean,
): GgufTensor[] => {
  const scale = 2 / Math.sqrt(width)
  const matrix = (name: string, rows: number): GgufTensor => ({
    name: `${name}.weight`,
    shape: [width, rows],
    weights: () => random.draw(width * rows, scale),
  })
  const bias = (name: string, length: number): GgufTensor => ({
    name: `${name}.bias`,
    shape: [length],
    weights: () => random.draw(length, scale),
  })
  const norm = (name: string): GgufTensor[] => [
    { name: `${name}.weight`, shape: [width], weights: () => ones(width) },
    bias(name, width),
  ]
  const layer = (_: unknown, index: number): GgufTensor[] => [
    ...['attn_q', 'attn_k', 'attn_v', 'attn_output'].map((name) => matrix(`blk.${index}.${name}`, width)),
    ...norm(`blk.${index}.attn_output_norm`),
    matrix(`blk.${index}.ffn_up`, width),
    matrix(`blk.${index}.ffn_down`, width),
    ...norm(`blk.${index}.layer_output_norm`),
  ]
  const head = [matrix('cls', width), bias('cls', width), matrix('cls.output', 1), bias('cls.output', 1)]
  return [
    matrix('token_embd', tokens),
    matrix('token_types', 1),
    matrix('position_embd', positions),
    ...norm('token_embd_norm'),
    ...Array.from({ length: layers }, layer).flat(),
    ...(scores ? head : []),
  ]
}
