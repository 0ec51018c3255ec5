import { expect, test } from 'bun:test'
import { ggufFiles } from '../../../../src/models/hub/client/gguf-files.ts'
import type { HubFile } from '../../../../src/models/hub/client/hub-json.ts'
import { pickProjector } from '../../../../src/models/hub/offers/pick-projector.ts'

const file = (path: string, size = 10): HubFile => ({ path, size, sha256: '0'.repeat(64), blobSha1: null })
const files = (...paths: string[]): HubFile[] => paths.map((path) => file(path))
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

test('the files of a repository are grouped into models with shards together, projectors and companions', () => {
  const { models, companions, projectors } = ggufFiles('acme/Tiny-GGUF', repo)
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
  expect(companions.map(({ path }) => path).sort()).toEqual([
    'Tiny.imatrix.gguf',
    'eagle3-Tiny-Q4_K_M.gguf',
    'mtp-Tiny-Q8_0.gguf',
  ])
})

test('shards of the same name in two folders are two models', () => {
  const name = 'm-00001-of-00001.gguf'
  expect(ggufFiles('acme/m', files(`a/${name}`, `b/${name}`)).models.map(({ path }) => path)).toEqual([
    `a/${name}`,
    `b/${name}`,
  ])
})

/** Files beside `Tiny-Q6_K.gguf` in acme/Tiny-GGUF, and whether each is offered as a model. */
test.each([
  ['MTP-Coder-7B-Q4_K_M.gguf', true],
  ['Tiny-MTP-Q4_K_M.gguf', true],
  ['Tiny-mtp-7B-Q4_K_M.gguf', true],
  ['Tiny-imatrix-Q4_K_M.gguf', true],
  ['Tiny-Q4_K_M-imatrix.gguf', true],
  ['Imatrix-Tiny-Q4_K_M.gguf', true],
  ['Tiny-Q4_K_M-imat.gguf', true],
  ['Eagle3-Chat-8B-Q8_0.gguf', true],
  ['mmprojected-Q4_K_M.gguf', true],
  ['imatrix/Tiny-IQ2_M.gguf', true],
  ['mtp-Tiny-Q8_0.gguf', false],
  ['MTP/Tiny-Q8_0-MTP.gguf', false],
  ['eagle3-Tiny-BF16.gguf', false],
  ['dflash-Tiny-Q4_K_M.gguf', false],
  ['imatrix.gguf', false],
  ['imatrix_unsloth.gguf', false],
  ['Tiny.imatrix.gguf', false],
  ['Tiny-bf16.imatrix.gguf', false],
  ['Tiny-imatrix.gguf', false],
  ['Tiny-BF16-imatrix.gguf', false],
  ['mmproj-F16.gguf', false],
  ['Tiny.mmproj-f16.gguf', false],
  ['Tiny-mmproj-model-f16.gguf', false],
  ['Tiny_mmproj-Q8_0.gguf', false],
  ['MMPROJ-Tiny-BF16.gguf', false],
  ['imatrix.dat', false],
  ['Tiny-Q8_0.gguf.part1of2', false],
])('that %s is a model: %p', (path, isModel) => {
  const { models } = ggufFiles('acme/Tiny-GGUF', files('Tiny-Q6_K.gguf', path))
  expect(models.some((model) => model.path === path)).toBe(isModel)
})

test('companions count as models in a repository without other models', () => {
  const heads = files('eagle3-Tiny-BF16.gguf', 'eagle3-Tiny-Q8_0.gguf', 'mmproj-F16.gguf')
  expect(ggufFiles('acme/heads', heads).models).toHaveLength(2)
  const coder = files('mtp-coder-Q4_K_M.gguf', 'coder-Q4_K_M.gguf')
  expect(ggufFiles('acme/MTP-Coder-GGUF', coder).models).toHaveLength(2)
})

test.each([
  [
    'mudler/Tiny-APEX-GGUF',
    ['Tiny-APEX-I-Compact.gguf', 'Tiny-APEX-Compact.gguf', 'mmproj.gguf'],
    ['Compact', 'I-Compact'],
  ],
  ['mudler/Tiny-APEX', ['Tiny-APEX-I-Compact.gguf'], ['I-Compact']],
  ['mudler/other', ['Tiny-APEX-I-Compact.gguf', 'Tiny-APEX-I-Quality.gguf'], ['Compact', 'Quality']],
  ['acme/tiny-GGUF', ['tiny.gguf'], [null]],
  ['acme/other', ['alpha.gguf', 'beta.gguf'], [null, null]],
])('labels in no known format are kept as %s writes them', (name, paths, labels) => {
  expect(ggufFiles(name, files(...paths)).models.map(({ quantization }) => quantization)).toEqual(labels)
})

test('the projector of a model is one in its own folder, with its own name, and F16 before others', () => {
  const { models, projectors } = ggufFiles('acme/Tiny-GGUF', repo)
  const at = (path: string) => models.find((model) => model.path === path)
  const pick = (path: string, from: readonly HubFile[]) => {
    const model = at(path)
    if (model === undefined) throw new Error(`there is no ${path}`)
    return pickProjector(model, from)?.path ?? null
  }
  expect(pick('Tiny-Q4_K_M.gguf', projectors)).toBe('mmproj-F16.gguf')
  const other = 'BF16/Tiny-BF16-00001-of-00002.gguf'
  expect(pick(other, projectors)).toBe('mmproj-F16.gguf')
  expect(pick(other, [...projectors, file('BF16/mmproj.gguf')])).toBe('BF16/mmproj.gguf')
  expect(pick('Tiny-Q4_K_M.gguf', files('mmproj-Big-F16.gguf', 'mmproj-Tiny-Q8_0.gguf'))).toBe('mmproj-Tiny-Q8_0.gguf')
  expect(pick('Tiny-Q4_K_M.gguf', [])).toBeNull()
})
