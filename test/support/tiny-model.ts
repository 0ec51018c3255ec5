/** Tiny models that the real llama.cpp can serve. They are kept in the temporary folder, where every test process finds them. */
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { SingleFlight } from '../../src/lib/async/single-flight.ts'
import { type PlumbingOptions, writePlumbingModel } from './plumbing/plumbing-model.ts'

const sources = ['gguf-writer.ts', 'plumbing-model.ts', 'plumbing-tensors.ts', 'plumbing-vocabulary.ts']
const writing = new SingleFlight<string>()

/** Changes with the code that writes the models, so that no test uses one of an older version. */
const version = (): string => {
  const hasher = new Bun.CryptoHasher('sha256')
  for (const source of sources) hasher.update(readFileSync(join(import.meta.dir, 'plumbing', source)))
  return hasher.digest('hex').slice(0, 12)
}

/**
 * Path of `tiny-<kind>.gguf`, 0.6 MB. Tests share it and must not change it.
 * @param size for a model that takes longer to load and to answer: 64 layers of width 256 make 119 MB
 */
export const tinyModel = (
  kind: PlumbingOptions['kind'] = 'chat',
  size: Pick<PlumbingOptions, 'layers' | 'width'> = {},
): Promise<string> => {
  const name = ['tiny', kind, size.layers, size.width].filter((part) => part !== undefined).join('-')
  return writing.run(name, async () => {
    const folder = join(tmpdir(), `hal0-tiny-models-${userInfo().uid}-${version()}`)
    const path = join(folder, `${name}.gguf`)
    if (existsSync(path)) return path
    await mkdir(folder, { recursive: true })
    const unfinished = `${path}.${process.pid}`
    await writePlumbingModel(unfinished, { seed: 1, kind, ...size })
    await rename(unfinished, path)
    return path
  })
}
