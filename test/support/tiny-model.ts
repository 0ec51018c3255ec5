/** Tiny models that the real llama.cpp serves, written once per test process. */
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SingleFlight } from '../../src/lib/single-flight.ts'
import { type PlumbingOptions, writePlumbingModel } from '../../src/models/plumbing-model.ts'

let folder: Promise<string> | null = null
const writing = new SingleFlight<string>()
const written = new Map<string, string>()

const makeFolder = async (): Promise<string> => {
  const made = await mkdtemp(join(tmpdir(), 'hal0-tiny-model-'))
  process.on('exit', () => rmSync(made, { recursive: true, force: true }))
  return made
}

/**
 * Path of `tiny-<kind>.gguf`, 0.6 MB. Tests share it and must not change it; it goes when the process ends.
 * @param size for one that takes longer to load and to answer: 64 layers of width 256 make 84 MB
 */
export const tinyModel = (
  kind: PlumbingOptions['kind'] = 'chat',
  size: Pick<PlumbingOptions, 'layers' | 'width'> = {},
): Promise<string> => {
  const name = ['tiny', kind, size.layers, size.width].filter((part) => part !== undefined).join('-')
  return writing.run(name, async () => {
    const known = written.get(name)
    if (known !== undefined) return known
    folder ??= makeFolder()
    const path = join(await folder, `${name}.gguf`)
    await writePlumbingModel(path, { seed: 1, kind, ...size })
    written.set(name, path)
    return path
  })
}
