import type { BackendTraits } from '../backend-traits.ts'

export const llamaServer: BackendTraits = {
  dialects: ['openai', 'responses', 'anthropic'],
  withheldHeaders: new Set(),
  keepsStreams: true,
  onHangUp: 'abort',
}
