import type { BackendTraits } from '../backend-traits.ts'

/** A hang-up frees the place in llama-server unless the request has an X-Conversation-Id. hal0 promises that it always does. */
export const llamaServer: BackendTraits = {
  dialects: ['openai', 'responses', 'anthropic'],
  withheldHeaders: new Set(['x-conversation-id']),
  onHangUp: 'abort',
}
