/** A real llama.cpp for tests, installed once from the package index and kept for the next run. */
import { copyFileSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Engines } from '../../src/providers/engines/engines.ts'
import { findPaths } from '../../src/system/paths.ts'
import { engineKinds } from './slot-config.ts'
import { testCache } from './test-cache.ts'

let engine: Promise<string> | null = null

const sources = join(import.meta.dir, '../../src/providers/llamacpp/install')

/** The engine in the cache may be older than its launcher, which belongs to hal0. */
const renewLauncher = (folder: string): void => {
  for (const name of ['llama_server.py', 'llama_flags.py']) {
    const [source, there] = [join(sources, name), join(folder, name)]
    if (readFileSync(source, 'utf8') === readFileSync(there, 'utf8')) continue
    copyFileSync(source, `${there}.${process.pid}`)
    renameSync(`${there}.${process.pid}`, there)
  }
}

const install = async (): Promise<string> => {
  const root = testCache()
  mkdirSync(root, { recursive: true, mode: 0o700 })
  const engines = new Engines(findPaths({ HAL0_ROOT: root }, false), process.env, engineKinds)
  const [installed] = (await engines.list()).filter((known) => known.source === 'pypi')
  const { path } = installed ?? (await engines.install({ provider: 'llama.cpp', source: 'pypi' }))
  renewLauncher(dirname(path))
  return path
}

/** Path of a real llama-server. The very first call takes a few seconds. */
export const realEngine = (): Promise<string> => {
  engine ??= install()
  return engine
}
