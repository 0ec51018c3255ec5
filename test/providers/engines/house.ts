/** An empty hal0 below a temporary folder, with its engines. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Hal0Error } from '../../../src/lib/hal0-error.ts'
import { Engines } from '../../../src/providers/engines/engines.ts'
import { configFile, enginesDir, findPaths } from '../../../src/system/paths.ts'
import { engineKinds } from '../../support/slot-config.ts'
import { tempDir } from '../../support/temp-dir.ts'

export const house = (env: Record<string, string> = {}) => {
  const root = tempDir()
  const paths = findPaths({ HAL0_ROOT: root }, false)
  mkdirSync(paths.config, { recursive: true })
  const engines = new Engines(paths, { PATH: join(root, 'bin'), ...env }, engineKinds)
  const file = configFile(paths)
  const dir = enginesDir(paths)
  /** As an installation would leave it. */
  const put = (id: string, installed_at: string) => {
    const path = makeProgram(join(dir, id), 'llama-server')
    const manifest = {
      id,
      provider: 'llama.cpp',
      source: 'pypi',
      version: '1',
      path: 'llama-server',
      opens_port_late: true,
      installed_at,
    }
    writeFileSync(join(dir, id, 'engine.json'), JSON.stringify(manifest))
    return path
  }
  return { root, engines, file, dir, put }
}

export const makeProgram = (folder: string, name: string): string => {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, name)
  writeFileSync(path, '#!/bin/sh\n')
  chmodSync(path, 0o755)
  return path
}

/** What `work` fails with; null when it does not. */
export const failure = async (work: Promise<unknown>) =>
  await work.then(
    () => null,
    (error: unknown) => error as Hal0Error,
  )
