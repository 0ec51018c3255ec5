/** A real llama.cpp for tests, installed once from the package index and kept for the next run. */
import { mkdirSync } from 'node:fs'
import { Engines } from '../../src/providers/engines/engines.ts'
import { findPaths } from '../../src/system/paths.ts'
import { engineKinds } from './slot-config.ts'
import { testCache } from './test-cache.ts'

let engine: Promise<string> | null = null

const install = async (): Promise<string> => {
  const root = testCache()
  mkdirSync(root, { recursive: true, mode: 0o700 })
  const engines = new Engines(findPaths({ HAL0_ROOT: root }, false), process.env, engineKinds)
  const [installed] = (await engines.list()).filter((known) => known.source === 'pypi')
  return (installed ?? (await engines.install({ provider: 'llama.cpp', source: 'pypi' }))).path
}

/** Path of a real llama-server. The very first call takes a few seconds. */
export const realEngine = (): Promise<string> => {
  engine ??= install()
  return engine
}
