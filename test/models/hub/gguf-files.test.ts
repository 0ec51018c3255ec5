import { describe, expect, test } from 'bun:test'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import { ggufFiles, pickModel, pickProjector, quantizationOf } from '../../../src/models/hub/gguf-files.ts'
import type { HubFile } from '../../../src/models/hub/hub-json.ts'

const file = (path: string, size = 10): HubFile => ({ path, size, sha256: '0'.repeat(64), blobSha1: null })
const repo = [
  file('README.md'),
  file('Tiny-Q8_0.gguf', 80),
  file('Tiny-Q4_K_M.gguf', 40),
  file('Tiny-UD-Q4_K_XL.gguf', 41),
  file('BF16/Tiny-BF16-00002-of-00002.gguf', 7),
  file('BF16/Tiny-BF16-00001-of-00002.gguf', 100),
  file('Tiny-F32-00001-of-00003.gguf'),
  file('Tiny-F32-00003-of-00003.gguf'),
  file('mmproj-BF16.gguf'),
  file('mmproj-F16.gguf'),
  file('mmproj-Q8_0.gguf'),
  file('Tiny.imatrix.gguf'),
  file('mtp-Tiny-Q8_0.gguf'),
  file('eagle3-Tiny-Q4_K_M.gguf'),
]

test.each([
  ['Qwen2.5-0.5B-Instruct-Q4_K_M.gguf', 'Q4_K_M'],
  ['qwen2.5-0.5b-instruct-q4_k_m.gguf', 'Q4_K_M'],
  ['Tiny-UD-Q4_K_XL.gguf', 'UD-Q4_K_XL'],
  ['Tiny-IQ2_XXS.gguf', 'IQ2_XXS'],
  ['Tiny-IQ4_NL.gguf', 'IQ4_NL'],
  ['Tiny-UD-IQ1_S.gguf', 'UD-IQ1_S'],
  ['Tiny.Q6_K.gguf', 'Q6_K'],
  ['Tiny-Q4_0_4_8.gguf', 'Q4_0_4_8'],
  ['Tiny-TQ1_0.gguf', 'TQ1_0'],
  ['gpt-oss-20b-MXFP4.gguf', 'MXFP4'],
  ['gpt-oss-20b-mxfp4_moe.gguf', 'MXFP4_MOE'],
  ['Tiny-bf16.gguf', 'BF16'],
  ['Q8_0/Tiny-Q4_0-00001-of-00002.gguf', 'Q4_0'],
  ['Q5_1/tiny.gguf', 'Q5_1'],
  ['Tiny-F16-to-Q3_K_S.gguf', 'Q3_K_S'],
  ['tiny.gguf', null],
])('the quantisation of %s is %p', (path, quantization) => {
  expect(quantizationOf(path)).toBe(quantization)
})

test('a repository’s files are its models, shards together, projectors set apart, and what is no model left out', () => {
  const { models, projectors } = ggufFiles(repo)
  expect(
    models.map(({ path, quantization, size, missing, files }) => [path, quantization, size, missing, files.length]),
  ).toEqual([
    ['BF16/Tiny-BF16-00001-of-00002.gguf', 'BF16', 107, [], 2],
    ['Tiny-F32-00001-of-00003.gguf', 'F32', 20, [2], 2],
    ['Tiny-Q4_K_M.gguf', 'Q4_K_M', 40, [], 1],
    ['Tiny-Q8_0.gguf', 'Q8_0', 80, [], 1],
    ['Tiny-UD-Q4_K_XL.gguf', 'UD-Q4_K_XL', 41, [], 1],
  ])
  expect(projectors.map(({ path }) => path)).toEqual(['mmproj-BF16.gguf', 'mmproj-F16.gguf', 'mmproj-Q8_0.gguf'])
})

test('shards of the same name in two folders are two models', () => {
  const name = 'm-00001-of-00001.gguf'
  expect(ggufFiles([file(`a/${name}`), file(`b/${name}`)]).models.map(({ path }) => path)).toEqual([
    `a/${name}`,
    `b/${name}`,
  ])
})

describe('a model is picked', () => {
  test.each([
    [':Q4_K_M', 'Tiny-Q4_K_M.gguf'],
    [':q8_0', 'Tiny-Q8_0.gguf'],
    [':UD-Q4_K_XL', 'Tiny-UD-Q4_K_XL.gguf'],
    [':Q4_K_XL', 'Tiny-UD-Q4_K_XL.gguf'],
    [':BF16', 'BF16/Tiny-BF16-00001-of-00002.gguf'],
    [':latest', 'Tiny-Q4_K_M.gguf'],
    [null, 'Tiny-Q4_K_M.gguf'],
    ['Tiny-Q8_0.gguf', 'Tiny-Q8_0.gguf'],
    ['BF16/Tiny-BF16-00002-of-00002.gguf', 'BF16/Tiny-BF16-00001-of-00002.gguf'],
  ])('by %p', (selector, path) => {
    expect(pickModel('acme/tiny', repo, selector).path).toBe(path)
  })

  test('by default Q4_K_M, else Q8_0, else the first that is whole', () => {
    const without = (...patterns: RegExp[]) =>
      repo.filter(({ path }) => !patterns.some((pattern) => pattern.test(path)))
    expect(pickModel('acme/tiny', without(/Q4_K_M/), null).quantization).toBe('Q8_0')
    expect(pickModel('acme/tiny', without(/Q4_K_M/, /Q8_0/, /BF16/), null).quantization).toBe('UD-Q4_K_XL')
  })

  test.each([':Q2_K', ':.*', 'none.gguf', 'README.md', 'mmproj-F16.gguf', 'tiny-q8_0.gguf'])(
    '%p is not found, and what there is is told',
    (selector) => {
      const pick = () => pickModel('acme/tiny', repo, selector)
      expect(pick).toThrow(expect.objectContaining({ code: 'pull.not_found' }))
      expect(pick).toThrow(/It has :BF16, :F32, :Q4_K_M, :Q8_0, :UD-Q4_K_XL\./)
    },
  )

  test('one that lacks shards is refused, with their numbers', () => {
    expect(() => pickModel('acme/tiny', repo, ':F32')).toThrow(/lacks shard 2\./)
  })

  test('a repository without models says so', () => {
    let error: unknown
    try {
      pickModel('acme/tiny', [file('README.md')], null)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(Hal0Error)
    expect(error).toMatchObject({ code: 'pull.not_found', message: expect.stringContaining('It has no GGUF models.') })
  })
})

test('the projector of a model is that of its own folder, and F16 before others', () => {
  const { projectors } = ggufFiles(repo)
  const model = pickModel('acme/tiny', repo, ':Q4_K_M')
  expect(pickProjector(model, projectors)?.path).toBe('mmproj-F16.gguf')
  const other = pickModel('acme/tiny', repo, ':BF16')
  expect(pickProjector(other, projectors)?.path).toBe('mmproj-F16.gguf')
  expect(pickProjector(other, [...projectors, file('BF16/mmproj.gguf')])?.path).toBe('BF16/mmproj.gguf')
  expect(pickProjector(model, [])).toBeNull()
})
