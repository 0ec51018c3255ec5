import { describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import { checkProjector } from '../../../src/providers/llamacpp/projector.ts'
import { gguf, smallModel, stringEntry, u32Entry } from '../../models/gguf/gguf-bytes.ts'
import { tempDir } from '../../support/temp-dir.ts'

const projector = (width: number, type: string[] = ['mmproj']): Buffer =>
  gguf({
    entries: [
      stringEntry('general.architecture', 'clip'),
      ...type.map((name) => stringEntry('general.type', name)),
      u32Entry('clip.vision.projection_dim', width),
    ],
  })

/** Why a projector of these bytes is refused for a model whose embeddings have length 64; null when it is not. */
const refusalOf = async (bytes: Buffer): Promise<string | null> => {
  const folder = tempDir()
  const [path, model] = [join(folder, 'mmproj.gguf'), join(folder, 'model.gguf')]
  writeFileSync(path, bytes)
  writeFileSync(model, smallModel([u32Entry('llama.embedding_length', 64)]))
  try {
    await checkProjector(path, model)
    return null
  } catch (error) {
    if (error instanceof Hal0Error) return error.message
    throw error
  }
}

describe('a projector', () => {
  test('of this model is accepted', async () => {
    expect(await refusalOf(projector(64))).toBeNull()
  })
  test('of another model is refused with both lengths', async () => {
    expect(await refusalOf(projector(128))).toContain("length 128, this model's have 64")
  })
  test('of an older converter says nothing about its model, and is accepted', async () => {
    expect(await refusalOf(projector(768, []))).toBeNull()
  })
  test('that is a model, or not a GGUF, is refused', async () => {
    expect(await refusalOf(smallModel())).toContain('not a projector')
    expect(await refusalOf(Buffer.from('<html>'))).toContain('mmproj.gguf')
  })
})
