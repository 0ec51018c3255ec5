import type { ProviderRow } from '../provider-row.ts'
import { llamaCppSection } from './section.ts'

/** llama.cpp: GGUF models, by its HTTP server. */
export const llamaCpp: ProviderRow = {
  section: llamaCppSection,
  engine: {
    provider: llamaCppSection.provider,
    program: 'llama-server',
    sources: {
      pypi: async (request) => (await import('./install/pypi-engine.ts')).installFromPypi(request),
    },
  },
  exampleEngine: { id: 'llama.cpp-pypi-2026.10.11549', path: '/opt/llama.cpp/llama-server' },
  start: async ({ engines, env }) => new (await import('./provider.ts')).LlamaCpp(engines, env),
}
