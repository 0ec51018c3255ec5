/** Which GPUs the engine of a machine can use. */
import { describe, expect, test } from 'bun:test'
import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Engine } from '../../../src/contract/engine.ts'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import { gpusOfDefault } from '../../../src/providers/engines/engine-gpus.ts'
import { llamaCpp } from '../../../src/providers/llamacpp/row.ts'
import { tempDir } from '../../support/temp-dir.ts'

const kind = llamaCpp.engine
const engine = (path: string, source: Engine['source'] = 'path'): Engine => ({
  id: path,
  provider: kind.provider,
  source,
  version: null,
  path,
  default: true,
  installed_at: null,
})

/** A folder with a program and libraries beside it. */
const build = (...libraries: string[]): string => {
  const folder = tempDir()
  for (const name of [kind.program, ...libraries]) writeFileSync(join(folder, name), '')
  return join(folder, kind.program)
}

describe('an engine of llama.cpp', () => {
  test('uses GPUs in the ways that have a library beside it', async () => {
    const cpu = ['libggml-base.so', 'libggml-cpu-haswell.so']
    expect(await kind.gpuBackends(engine(build(...cpu, 'libggml-vulkan.so')))).toEqual(['vulkan'])
    expect(await kind.gpuBackends(engine(build(...cpu, 'libggml-hip.so', 'libggml-cuda.so.0')))).toEqual([
      'cuda',
      'rocm',
    ])
    expect(await kind.gpuBackends(engine(build(...cpu)))).toEqual([])
  })

  test('is followed to where a link leads', async () => {
    const link = join(tempDir(), 'llama-server')
    symlinkSync(build('libggml-vulkan.so'), link)
    expect(await kind.gpuBackends(engine(link))).toEqual(['vulkan'])
  })

  test('does not say where it has no libraries beside it, or is gone', async () => {
    expect(await kind.gpuBackends(engine(build()))).toBeNull()
    expect(await kind.gpuBackends(engine('/nowhere/llama-server'))).toBeNull()
  })

  test('from the package index runs on the processor', async () => {
    expect(await kind.gpuBackends(engine(build('libggml-vulkan.so'), 'pypi'))).toEqual([])
  })
})

describe('the default of a machine', () => {
  test('is what slots without a setting get', async () => {
    const program = build('libggml-cuda.so')
    const asked: unknown[] = []
    const find = async (...question: unknown[]) => {
      asked.push(question)
      return engine(program)
    }
    expect(await gpusOfDefault({ find }, kind)).toEqual(['cuda'])
    expect(asked).toEqual([[kind.provider, null]])
  })

  test('uses no GPU where there is no engine yet', async () => {
    const find = () => Promise.reject(new Hal0Error('engine.not_installed', 'There is none.'))
    expect(await gpusOfDefault({ find }, kind)).toEqual([])
  })
})
