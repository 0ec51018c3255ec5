/** OpenAI's dialect, whose error envelope is hal0's own. Pure. */
import { endpoints } from '../../contract/endpoints.ts'
import type { DialectRules } from './dialect.ts'
import type { StreamOf, Thoughts } from './thoughts.ts'

/** Its clients raise it as an error of the API. */
const envelopeEvent = (envelope: object): string => `data: ${JSON.stringify(envelope)}\n\n`

/** Without a role: some clients join the strings of all pieces, and the model's first piece has it. */
const thoughts = ({ requestId, model, endpoint }: StreamOf): Thoughts | null => {
  if (endpoint.backendPath !== endpoints.chatCompletions.backendPath) return null
  const add = (text: string): string => {
    const choice = { index: 0, delta: { reasoning_content: text }, finish_reason: null }
    const created = Math.floor(Date.now() / 1000)
    const piece = { id: `chatcmpl-${requestId}`, object: 'chat.completion.chunk', created, model, choices: [choice] }
    return `data: ${JSON.stringify(piece)}\n\n`
  }
  return { add, end: () => '', continuation: null }
}

export const openai: DialectRules = {
  errorBody: (error) => error.envelope(),
  errorEvent: (error) => envelopeEvent(error.envelope()),
  envelopeEvent,
  thoughts,
  isLastEvent: (tail) => /(?:^|\n)data: ?\[DONE\]\s*$/.test(tail.toString('latin1', Math.max(0, tail.length - 64))),
}
