/** A model with every key at its default. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ModelEntry } from '../../src/contract/models/model.ts'
import { tempDir } from '../support/temp-dir.ts'

/** The file of `modelEntry`, as long as the entry says. @returns its path */
export const modelFile = (): string => {
  const path = join(tempDir(), 'tiny.gguf')
  writeFileSync(path, 'x')
  return path
}

export const modelEntry = (changes: Partial<ModelEntry> = {}): ModelEntry => ({
  id: 'tiny',
  name: 'Tiny',
  kind: 'chat',
  files: [{ path: 'local--tiny/tiny.gguf', size: 1, sha256: '0'.repeat(64) }],
  source: null,
  architecture: 'llama',
  parameters: 1,
  quantization: null,
  context_length: 512,
  created_at: '2026-01-01T00:00:00.000Z',
  ...changes,
})
