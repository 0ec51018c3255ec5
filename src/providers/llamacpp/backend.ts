import type { BackendTraits } from '../backend-traits.ts'

export const llamaServer: BackendTraits = {
  dialects: ['openai', 'responses', 'anthropic'],
  withheldHeaders: new Set(),
  keyVariable: 'LLAMA_API_KEY',
  keepsStreams: true,
  onHangUp: 'abort',
}
