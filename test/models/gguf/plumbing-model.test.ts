import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readGgufHeader } from '../../../src/models/gguf/header.ts'
import { modelFacts } from '../../../src/models/gguf/model-facts.ts'
import { type PlumbingOptions, writePlumbingModel } from '../../support/plumbing/plumbing-model.ts'
import { plumbingVocabulary } from '../../support/plumbing/plumbing-vocabulary.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { tinyModel } from '../../support/tiny-model.ts'

const write = async (options: PlumbingOptions): Promise<Buffer> => {
  const path = join(tempDir(), 'model.gguf')
  await writePlumbingModel(path, options)
  return readFileSync(path)
}

test('the same seed makes the same file, and another seed a different one', async () => {
  const first = await write({ seed: 7, kind: 'chat' })
  expect((await write({ seed: 7, kind: 'chat' })).equals(first)).toBe(true)
  expect((await write({ seed: 8, kind: 'chat' })).equals(first)).toBe(false)
})

describe.each(['chat', 'embedding', 'rerank'] as const)('the %s model', (kind) => {
  test('is read back as this kind, and its name says what it is', async () => {
    const path = await tinyModel(kind)
    const facts = modelFacts([await readGgufHeader(path)], 'tiny.gguf', 'tiny')
    expect(facts).toMatchObject({
      kind,
      quantization: 'F32',
      name: expect.stringMatching(/plumbing check.*gibberish/i),
    })
  })

  test('is small, and its tensors end where the file ends', async () => {
    const bytes = readFileSync(await tinyModel(kind))
    expect(bytes.length).toBeLessThan(1_000_000)
    const header = await readGgufHeader(await tinyModel(kind))
    expect(bytes.length).toBeGreaterThanOrEqual(header.dataBytes)
  })
})

test('gets larger with more layers and width', async () => {
  expect((await write({ seed: 1, kind: 'chat', layers: 4, width: 128 })).length).toBeGreaterThan(1_500_000)
})

test('has a vocabulary with every byte once, and words of plain letters without duplicates', () => {
  const vocabulary = plumbingVocabulary()
  expect(vocabulary.filter((token) => token.type === 6)).toHaveLength(256)
  expect(new Set(vocabulary.map((token) => token.text)).size).toBe(vocabulary.length)
  const words = vocabulary.filter((token) => token.answers)
  expect(words).toHaveLength(320)
  for (const word of words) expect(word.text).toMatch(/^\u2581[a-z]+$/)
})
