/** Files as the registry receives them after a download, made without one. */
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { ReceivedFile, Registration } from '../../../src/models/registry/registration.ts'
import { gguf, stringEntry, tensor, u32Entry } from '../gguf/gguf-bytes.ts'

/** A model whose content is different for each name. */
export const modelCalled = (name: string, architecture = 'llama'): Buffer =>
  gguf({
    entries: [
      stringEntry('general.architecture', architecture),
      stringEntry('general.name', name),
      u32Entry('general.file_type', 0),
    ],
    tensors: [tensor('blk.0', [8], 0, 0)],
    data: 32,
  })

export const sha256 = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex')

/** The file as a download leaves it, in its own folder below `models`. Once registered, both names are hard links to one file. */
export const receive = (models: string, path: string, content: Uint8Array): ReceivedFile => {
  mkdirSync(models, { recursive: true })
  const folder = mkdtempSync(join(models, '.pull-test-'))
  const from = join(folder, basename(path))
  writeFileSync(from, content)
  writeFileSync(`${from}.sha256`, `${sha256(content)}  ${basename(path)}\n`)
  return { path, size: content.length, sha256: sha256(content), from }
}

/** A commit made of one letter. */
export const commit = (letter: string): string => letter.repeat(40)

/** A registration of one file of acme/tiny-GGUF. */
export const registration = (
  models: string,
  id: string,
  content: Uint8Array,
  more: Partial<Registration> & { revision?: string; path?: string } = {},
): Registration => {
  const { revision = commit('a'), path = 'tiny-Q8_0.gguf', ...rest } = more
  return {
    id,
    source: { repo: 'acme/tiny-GGUF', revision },
    files: [receive(models, path, content)],
    mmproj: null,
    over: null,
    ...rest,
  }
}
