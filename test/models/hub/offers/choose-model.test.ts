import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { HubFile } from '../../../../src/models/hub/client/hub-json.ts'
import { chooseModel, type ModelSelector, pickModel } from '../../../../src/models/hub/offers/choose-model.ts'
import { isLabel, meansLabel } from '../../../../src/models/naming/quant-label.ts'

const files = (...paths: string[]): HubFile[] =>
  paths.map((path) => ({ path, size: 10, sha256: '0'.repeat(64), blobSha1: null }))
const wishOf = (file: string | null, folder: string | null = null): ModelSelector => ({ file, folder })

const tiny = [
  'README.md',
  'Tiny-Q8_0.gguf',
  'Tiny-Q4_K_M.gguf',
  'Tiny-UD-Q4_K_XL.gguf',
  'BF16/Tiny-BF16-00002-of-00002.gguf',
  'BF16/Tiny-BF16-00001-of-00002.gguf',
  'Tiny-F32-00001-of-00003.gguf',
  'Tiny-F32-00003-of-00003.gguf',
  'mmproj-F16.gguf',
  'imatrix.gguf',
  'mtp-Tiny-Q5_0.gguf',
]
const ik = [
  'T-IQ3_K.gguf',
  'T-IQ4_KS.gguf',
  'T-IQ4_KSS.gguf',
  'T-IQ2_KT.gguf',
  'T-Q4_0_R4.gguf',
  'T-IQ4_K_R4.gguf',
  'T-Q8_K_R8.gguf',
]
const bonsai = ['B-Q2_0_g64.gguf', 'B-PQ2_0.gguf', 'B-Q1_0.gguf']
const apex = ['M-APEX-I-Compact.gguf', 'M-APEX-Compact.gguf', 'M-APEX-I-Quality.gguf', 'mmproj.gguf']
const folders = [
  'Q4_K_M/model.gguf',
  'UD-Q4_K_XL/model-00001-of-00002.gguf',
  'UD-Q4_K_XL/model-00002-of-00002.gguf',
  'F16/model.gguf',
]
const twins = ['a-Q4_K_M.gguf', 'b-Q4_K_M.gguf', 'a-Q8_0.gguf']

const lists: Readonly<Record<string, readonly string[]>> = { tiny, ik, bonsai, apex, folders, twins }

/** The first file of the chosen model; a list for several; null for none. */
const chosen = (paths: readonly string[], file: string | null, folder: string | null = null) => {
  const choice = chooseModel('acme/M-APEX-GGUF', files(...paths), wishOf(file, folder))
  if (choice.kind === 'one') return choice.model.path
  return choice.kind === 'several' ? choice.models.map(({ path }) => path) : null
}

describe('a model is chosen', () => {
  test.each([
    ['tiny', ':Q4_K_M', 'Tiny-Q4_K_M.gguf'],
    ['tiny', ':q8_0', 'Tiny-Q8_0.gguf'],
    ['tiny', ':UD-Q4_K_XL', 'Tiny-UD-Q4_K_XL.gguf'],
    ['tiny', ':Q4_K_XL', 'Tiny-UD-Q4_K_XL.gguf'],
    [['Tiny-UD-Q4_K_XL.gguf', 'Tiny-Q4_K_XL.gguf'], ':Q4_K_XL', 'Tiny-Q4_K_XL.gguf'],
    ['tiny', ':BF16', 'BF16/Tiny-BF16-00001-of-00002.gguf'],
    ['tiny', ':latest', 'Tiny-Q4_K_M.gguf'],
    ['tiny', null, 'Tiny-Q4_K_M.gguf'],
    ['tiny', ':Q4_K', null],
    ['tiny', ':K_M', null],
    ['tiny', ':M', null],
    ['tiny', ':0', null],
    ['tiny', ':XL', null],
    ['tiny', ':F16', null],
    ['tiny', ':Q5_0', null],
    ['tiny', ':F32', null],
    ['tiny', ':.*', null],
    ['ik', ':Q3_K', null],
    ['ik', ':Q4_K', null],
    ['ik', ':IQ4_K', null],
    ['ik', ':Q4_0', null],
    ['ik', ':Q8_K', null],
    ['ik', ':IQ3_K', 'T-IQ3_K.gguf'],
    ['ik', ':IQ4_KS', 'T-IQ4_KS.gguf'],
    ['ik', ':iq4_kss', 'T-IQ4_KSS.gguf'],
    ['ik', ':IQ2_KT', 'T-IQ2_KT.gguf'],
    ['ik', ':Q4_0_R4', 'T-Q4_0_R4.gguf'],
    ['ik', ':Q8_K_R8', 'T-Q8_K_R8.gguf'],
    ['bonsai', ':Q2_0', null],
    ['bonsai', ':Q2_0_g64', 'B-Q2_0_g64.gguf'],
    ['bonsai', ':PQ2_0', 'B-PQ2_0.gguf'],
    ['apex', ':I-Compact', 'M-APEX-I-Compact.gguf'],
    ['apex', ':i-compact', 'M-APEX-I-Compact.gguf'],
    ['apex', ':Compact', 'M-APEX-Compact.gguf'],
    ['apex', ':Quality', 'M-APEX-I-Quality.gguf'],
    ['apex', ':Comp', null],
    ['folders', ':Q4_K_M', 'Q4_K_M/model.gguf'],
    ['folders', ':Q4_K_XL', 'UD-Q4_K_XL/model-00001-of-00002.gguf'],
    ['folders', null, 'Q4_K_M/model.gguf'],
    [['T.i1-Q4_K_M.gguf', 'T.i1-Q4_K_S.gguf'], ':i1-Q4_K_M', 'T.i1-Q4_K_M.gguf'],
    [['T.i1-Q4_K_M.gguf', 'T.i1-Q4_K_S.gguf'], ':i1-Q4_K', null],
    [['T-IQ4_XS-3.87bpw.gguf', 'T-IQ4_XS-4.12bpw.gguf'], ':IQ4_XS-4.12bpw', 'T-IQ4_XS-4.12bpw.gguf'],
    [['t.f16.q4_k.gguf', 't.q8.q6_k.gguf'], ':F16', null],
    [['t.f16.q4_k.gguf', 't.q8.q6_k.gguf'], ':q4_k', 't.f16.q4_k.gguf'],
    [['T-F16-to-Q3_K_S.gguf'], ':F16-to', null],
    [['bge-F16-Q8_0.gguf'], ':F16', null],
    [['bge-F16-Q8_0.gguf'], ':F16-Q8_0', 'bge-F16-Q8_0.gguf'],
    [['q-fp16.gguf', 'q-q8_0.gguf'], ':F16', 'q-fp16.gguf'],
    ['twins', ':Q4_K_M', ['a-Q4_K_M.gguf', 'b-Q4_K_M.gguf']],
    ['twins', ':b-Q4_K_M', 'b-Q4_K_M.gguf'],
    ['twins', null, ['a-Q4_K_M.gguf', 'b-Q4_K_M.gguf']],
    [['T-IQ4_KSS.gguf', 'T-smol-IQ4_KSS.gguf'], ':IQ4_KSS', ['T-IQ4_KSS.gguf', 'T-smol-IQ4_KSS.gguf']],
    [['T-IQ4_KSS.gguf', 'T-smol-IQ4_KSS.gguf'], ':smol-IQ4_KSS', 'T-smol-IQ4_KSS.gguf'],
    [['T-Q4_K_M.gguf', 'T-Q4_K_M-00001-of-00002.gguf'], ':Q4_K_M', 'T-Q4_K_M.gguf'],
    [['MTP-Coder-7B-Q4_K_M.gguf', 'mmproj-F16.gguf'], ':Q4_K_M', 'MTP-Coder-7B-Q4_K_M.gguf'],
    [['T-imatrix-Q4_K_M.gguf', 'imatrix.gguf'], null, 'T-imatrix-Q4_K_M.gguf'],
    [['T-Q4_0.gguf', 'mtp-T-Q8_0.gguf'], null, 'T-Q4_0.gguf'],
    [['README.md'], null, null],
  ])('of %p by %p: %p', (paths, file, path) => {
    expect(chosen(typeof paths === 'string' ? (lists[paths] ?? []) : paths, file)).toEqual(path)
  })

  test.each(['Tiny-Q8_0.gguf', 'mmproj-F16.gguf', 'imatrix.gguf', 'mtp-Tiny-Q5_0.gguf'])(
    'by its file name, whatever that is: %s',
    (path) => {
      expect(chosen(tiny, path)).toBe(path)
    },
  )

  test.each(['none.gguf', 'README.md', 'tiny-q8_0.gguf', 'Q8_0.gguf'])(
    '%s is a different name, and finds nothing',
    (path) => {
      expect(chosen(tiny, path)).toBeNull()
    },
  )

  test('whole, by the name of any of its shards', () => {
    for (const no of [1, 2]) {
      const choice = chooseModel('acme/t', files(...tiny), wishOf(`BF16/Tiny-BF16-0000${no}-of-00002.gguf`))
      expect(choice.kind === 'one' && choice.model.files.map(({ path }) => path)).toEqual([
        'BF16/Tiny-BF16-00001-of-00002.gguf',
        'BF16/Tiny-BF16-00002-of-00002.gguf',
      ])
    }
  })

  test.each([
    ['UD-Q4_K_XL', null, 'UD-Q4_K_XL/model-00001-of-00002.gguf'],
    ['UD-Q4', null, null],
    ['F16', ':Q4_K_M', null],
    ['F16', ':F16', 'F16/model.gguf'],
  ])('among those of the folder %s by %p: %p', (folder, file, path) => {
    expect(chosen(folders, file, folder)).toBe(path)
  })

  test('in a folder with several models only if it is named', () => {
    expect(chosen(['v/T-Q4_K_M.gguf', 'v/T-Q8_0.gguf', 'T-F16.gguf'], null, 'v')).toHaveLength(2)
  })
})

describe('a choice that is not a single model is refused', () => {
  const pick = (paths: readonly string[], selector: ModelSelector) => () =>
    pickModel('acme/tiny', files(...paths), selector)

  test('with what the repository has', () => {
    expect(pick(tiny, wishOf(':Q2_K'))).toThrow(
      expect.objectContaining({
        code: 'pull.not_found',
        message:
          'acme/tiny has no GGUF model :Q2_K. It has :BF16, :F32, :Q4_K_M, :Q8_0, :UD-Q4_K_XL. Other GGUF files, to be named in full: mtp-Tiny-Q5_0.gguf, imatrix.gguf, mmproj-F16.gguf.',
      }),
    )
  })

  test('with the files of that name in other folders or in different case', () => {
    expect(pick(folders, wishOf('model.gguf'))).toThrow(
      'acme/tiny has no GGUF model model.gguf. Did you mean Q4_K_M/model.gguf, F16/model.gguf?',
    )
    expect(pick(tiny, wishOf('tiny-q8_0.gguf'))).toThrow('Did you mean Tiny-Q8_0.gguf?')
  })

  test('with the candidates, if there are several', () => {
    expect(pick(twins, wishOf(':Q4_K_M'))).toThrow(
      expect.objectContaining({
        code: 'pull.ambiguous',
        message: 'acme/tiny has several models for :Q4_K_M: a-Q4_K_M.gguf, b-Q4_K_M.gguf. Name the file that you want.',
        details: {
          repo: 'acme/tiny',
          models: [
            { path: 'a-Q4_K_M.gguf', quantization: 'Q4_K_M', size: 10 },
            { path: 'b-Q4_K_M.gguf', quantization: 'Q4_K_M', size: 10 },
          ],
        },
      }),
    )
    expect(pick(twins, wishOf(null))).toThrow(/several models labelled Q4_K_M: /)
  })

  test('with the numbers of the missing shards, including the named one', () => {
    for (const file of [':F32', 'Tiny-F32-00002-of-00003.gguf', 'Tiny-F32-00003-of-00003.gguf']) {
      expect(pick(tiny, wishOf(file))).toThrow(
        /Tiny-F32-00001-of-00003\.gguf in acme\/tiny is incomplete: .* lacks shard 2\./,
      )
    }
  })

  test('for a repository without models', () => {
    expect(pick(['README.md'], wishOf(null))).toThrow(/It has no GGUF models\./)
  })
})

test('by default it is Q4_K_M, else Q8_0, else the first complete model', () => {
  const without = (...patterns: RegExp[]) => tiny.filter((path) => !patterns.some((pattern) => pattern.test(path)))
  expect(chosen(without(/Q4_K_M/), null)).toBe('Tiny-Q8_0.gguf')
  expect(chosen(without(/Q4_K_M/, /Q8_0/, /BF16/), null)).toBe('Tiny-UD-Q4_K_XL.gguf')
})

test('a requested label never gives another one', () => {
  const label = fc.constantFrom(
    ...[
      'Q4_K_M',
      'Q4_K',
      'Q4_K_XL',
      'UD-Q4_K_XL',
      'Q4_0',
      'Q4_0_R4',
      'IQ4_K',
      'IQ4_KS',
      'IQ4_KSS',
      'Q2_0',
      'Q2_0_g64',
      'F16',
      'BF16',
      'Q8_0',
    ],
  )
  const name = fc
    .tuple(
      fc.constantFrom('T-', 't.', 'T.i1-', 'T_', ''),
      label,
      fc.constantFrom('', '-v2', '.chat', '-Q8_0'),
      fc.option(label),
    )
    .map(([start, one, end, folder]) => `${folder === null ? '' : `${folder}/`}${start}${one}${end}.gguf`)
  fc.assert(
    fc.property(fc.uniqueArray(name, { maxLength: 8 }), label, (paths, asked) => {
      const choice = chooseModel('acme/t', files(...paths), wishOf(`:${asked}`))
      const found = choice.kind === 'one' ? [choice.model] : choice.kind === 'several' ? choice.models : []
      for (const { quantization } of found) expect(meansLabel(asked, quantization ?? '')).toBe(true)
      expect(isLabel(asked)).toBe(true)
    }),
    { numRuns: 2000 },
  )
})
