import { gpusByLibraries } from '../engines/engine-gpus.ts'
import type { ProviderRow } from '../provider-row.ts'
import { llamaCppSection } from './section.ts'

/** In its official builds each way is a library beside the program. */
const gpuLibraries = { cuda: 'libggml-cuda.so', rocm: 'libggml-hip.so', vulkan: 'libggml-vulkan.so' }

/** llama.cpp: GGUF models, by its HTTP server. */
export const llamaCpp: ProviderRow = {
  section: llamaCppSection,
  engine: {
    provider: llamaCppSection.provider,
    program: 'llama-server',
    sources: {
      pypi: async (request) => (await import('./install/pypi-engine.ts')).installFromPypi(request),
    },
    // The wheel is built for processors.
    gpuBackends: async (engine) => (engine.source === 'pypi' ? [] : gpusByLibraries(engine, gpuLibraries, /^libggml-/)),
  },
  exampleEngine: { id: 'llama.cpp-pypi-2026.10.11549', path: '/opt/llama.cpp/llama-server' },
  start: async ({ engines, env }) => new (await import('./provider.ts')).LlamaCpp(engines, env),
}
