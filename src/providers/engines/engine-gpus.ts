/** Which GPUs an engine can use. */
import { readdir, realpath } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Engine } from '../../contract/engine.ts'
import type { GpuBackend } from '../../contract/hardware.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import type { EngineKind } from './engine-kind.ts'
import type { EngineService } from './engine-service.ts'

/**
 * By which ways the engine of slots without a setting uses a GPU. Without any engine it is none: the one that hal0 installs runs on the
 * processor.
 * @returns null if the engine does not say
 */
export const gpusOfDefault = async (
  engines: Pick<EngineService, 'find'>,
  { provider, gpuBackends }: EngineKind,
): Promise<readonly GpuBackend[] | null> => {
  try {
    return await gpuBackends(await engines.find(provider, null))
  } catch (error) {
    if (error instanceof Hal0Error && error.code === 'engine.not_installed') return []
    throw error
  }
}

/**
 * The ways that the libraries beside a program stand for.
 * @param libraries by way, e.g. cuda: 'libggml-cuda.so'
 * @returns null where none of their kind is: the program has them built in, or finds them elsewhere
 */
export const gpusByLibraries = async (
  { path }: Pick<Engine, 'path'>,
  libraries: Readonly<Record<GpuBackend, string>>,
  kind: RegExp,
): Promise<readonly GpuBackend[] | null> => {
  const names = await realpath(path)
    .then((program) => readdir(dirname(program)))
    // The engine was removed meanwhile, or its folder may not be listed.
    .catch((): string[] => [])
  if (!names.some((name) => kind.test(name))) return null
  const ways = Object.entries(libraries) as [GpuBackend, string][]
  return ways.flatMap(([way, library]) => (names.some((name) => name.startsWith(library)) ? [way] : []))
}
