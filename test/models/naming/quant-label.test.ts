import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { isLabel, labelOf, meansLabel } from '../../../src/models/naming/quant-label.ts'

/** File names by publishers, each with its label. */
test.each([
  ['Qwen2.5-0.5B-Instruct-Q4_K_M.gguf', 'Q4_K_M'],
  ['qwen2.5-0.5b-instruct-q4_k_m.gguf', 'Q4_K_M'],
  ['tinyllama-1.1b-chat-v1.0.Q4_K_M.gguf', 'Q4_K_M'],
  ['Llama-3.2-1B-Instruct.i1-Q4_K_M.gguf', 'Q4_K_M'],
  ['claire_v1.0.0_q4_k_m.gguf', 'Q4_K_M'],
  ['MiniCPM-V-2.6_Q8_0.gguf', 'Q8_0'],
  ['q4_0-sheared-llama-2.7b.gguf', 'Q4_0'],
  ['Tiny-UD-Q4_K_XL.gguf', 'UD-Q4_K_XL'],
  ['Tiny-UD-IQ1_S.gguf', 'UD-IQ1_S'],
  ['UD-Q4_K_XL/GLM-5-UD-Q4_K_XL-00001-of-00006.gguf', 'UD-Q4_K_XL'],
  ['UD-Q4_K_XL/tiny-Q4_K_XL.gguf', 'UD-Q4_K_XL'],
  ['UD-Q4_K_XL/model-00001-of-00002.gguf', 'UD-Q4_K_XL'],
  ['Q4_K_M/model-00001-of-00003.gguf', 'Q4_K_M'],
  ['Q5_1/tiny.gguf', 'Q5_1'],
  ['IQ3_KS/IQ3_KS/Chimera-IQ3_KS-00001-of-00007.gguf', 'IQ3_KS'],
  ['Q8_0/Tiny-Q4_0-00001-of-00002.gguf', 'Q4_0'],
  ['Tiny-IQ2_XXS.gguf', 'IQ2_XXS'],
  ['Tiny-IQ4_NL.gguf', 'IQ4_NL'],
  ['Tiny-IQ3_K.gguf', 'IQ3_K'],
  ['Tiny-IQ4_KS.gguf', 'IQ4_KS'],
  ['Tiny-iq4_kss.gguf', 'IQ4_KSS'],
  ['Tiny-smol-IQ4_KSS.gguf', 'IQ4_KSS'],
  ['Tiny-IQ5_K.gguf', 'IQ5_K'],
  ['Tiny-IQ2_KT.gguf', 'IQ2_KT'],
  ['Tiny-IQ2_KL.gguf', 'IQ2_KL'],
  ['Tiny-Q4_0_R4.gguf', 'Q4_0_R4'],
  ['Tiny-IQ4_K_R4.gguf', 'IQ4_K_R4'],
  ['Tiny-Q8_K_R8.gguf', 'Q8_K_R8'],
  ['Tiny-Q4_0_4_8.gguf', 'Q4_0_4_8'],
  ['Tiny-Q6_K_L.gguf', 'Q6_K_L'],
  ['Tiny-Q2_0_g64.gguf', 'Q2_0_g64'],
  ['Tiny-Q2_g64.gguf', 'Q2_g64'],
  ['Tiny-PQ2_0.gguf', 'PQ2_0'],
  ['Tiny-TQ1_0.gguf', 'TQ1_0'],
  ['Tiny.Q6_K.gguf', 'Q6_K'],
  ['gpt-oss-20b-MXFP4.gguf', 'MXFP4'],
  ['gpt-oss-20b-mxfp4_moe.gguf', 'MXFP4_MOE'],
  ['Tiny-bf16.gguf', 'BF16'],
  ['tiny-fp16.gguf', 'FP16'],
  ['Phi-3-mini-4k-instruct-q4.gguf', 'Q4'],
  ['DeepSeek-IQ2XXS-chat.gguf', 'IQ2XXS'],
  ['Tiny-Q4_K_S-3.87bpw.gguf', 'Q4_K_S'],
  ['gemma-3-4b-it-qat-Q4_0.gguf', 'Q4_0'],
  ['Tiny-F16-to-Q3_K_S.gguf', 'Q3_K_S'],
  ['bge-F16-Q8_0.gguf', 'Q8_0'],
  ['tiny.f16.q4_k.gguf', 'Q4_K'],
  ['模型Q8_0.gguf', 'Q8_0'],
  ['TINY-Q8_0.GGUF', 'Q8_0'],
  ['Qwen3.6-35B-A3B-APEX-I-Compact.gguf', null],
  ['Qwen3-4B-Instruct-2507.gguf', null],
  ['tiny.gguf', null],
])('the label of %s is %p', (path, label) => {
  expect(labelOf(path)).toBe(label)
})

test.each([
  ['Q4_K_M', 'Q4_K_M', true],
  ['q4_k_xl', 'UD-Q4_K_XL', true],
  ['F16', 'FP16', true],
  ['UD-Q4_K_XL', 'Q4_K_XL', false],
  ['Q4_K', 'Q4_K_M', false],
  ['Q3_K', 'IQ3_K', false],
  ['Q4_K', 'IQ4_KS', false],
  ['Q2_0', 'Q2_0_g64', false],
  ['Q2_0_G64', 'Q2_0_g64', true],
  ['F16', 'BF16', false],
  ['FP8', 'F8', false],
])('a request for %s means %s: %p', (asked, label, means) => {
  expect(meansLabel(asked, label)).toBe(means)
})

test('a label is found whole or not at all, wherever it is in a name', () => {
  const label = fc
    .tuple(
      fc.constantFrom('Q', 'IQ', 'TQ'),
      fc.integer({ min: 1, max: 8 }),
      fc.array(fc.stringMatching(/^[A-Z0-9]{1,3}$/)),
    )
    .map(([head, bits, tail]) => [`${head}${bits}`, ...tail].join('_'))
  fc.assert(
    fc.property(label, fc.constantFrom('-', '.', '_', '/'), fc.constantFrom('-', '.', ''), (one, before, after) => {
      const path = `tiny${before}${one.toLowerCase()}${after === '' ? '' : `${after}chat`}.gguf`
      expect(labelOf(path)?.toUpperCase()).toBe(one)
      expect(isLabel(one)).toBe(true)
    }),
  )
})
