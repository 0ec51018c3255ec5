/** Downloaded files as the registry takes them over, made without a download. */
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { ReceivedFile, Registration } from '../../../src/models/registry/registration.ts'
import { gguf, stringEntry, tensor, u32Entry } from '../gguf/gguf-bytes.ts'

/** A model whose bytes are those of no other name. */
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

/** The file as a download leaves it, in a folder of its own below `models`: once registered, both names are one file. */
export const receive = (models: string, path: string, content: Uint8Array): ReceivedFile => {
  mkdirSync(models, { recursive: true })
  const folder = mkdtempSync(join(models, '.pull-test-'))
  const from = join(folder, basename(path))
  writeFileSync(from, content)
  writeFileSync(`${from}.sha256`, `${sha256(content)}  ${basename(path)}\n`)
  return { path, size: content.length, sha256: sha256(content), from }
}

/** The commit that a letter stands for. */
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
