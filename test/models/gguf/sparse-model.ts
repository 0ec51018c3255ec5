/** A registry entry whose files are as large as a test wants, without using disk space. */
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ModelEntry } from '../../../src/contract/models/model.ts'

/**
 * Writes entry and files into a models folder. The registered checksums match no file: a verification finds every file changed.
 * @param sizes of the files, in bytes
 */
export const sparseModel = (models: string, id: string, sizes: readonly number[]): ModelEntry => {
  const folder = `local--${id}`
  mkdirSync(join(models, folder), { recursive: true })
  const files = sizes.map((size, index) => ({ path: `${folder}/${index}.gguf`, size, sha256: 'a'.repeat(64) }))
  for (const { path, size } of files) {
    writeFileSync(join(models, path), '')
    truncateSync(join(models, path), size)
  }
  const entry: ModelEntry = {
    id,
    name: id,
    kind: 'chat',
    files,
    source: null,
    architecture: 'llama',
    parameters: null,
    quantization: null,
    context_length: null,
    created_at: '2026-01-02T03:04:05Z',
  }
  writeFileSync(join(models, `${id}.json`), JSON.stringify(entry))
  return entry
}

/** More than any test has time to hash: 100 GB. */
export const endless = 100e9
