/** A reply as it grows. Pure. */

import { texts } from '../texts.ts'
import type { Chunk } from './chunks.ts'
import type { Reply, ToolCall } from './talk.ts'

const withTools = (
  tools: readonly ToolCall[],
  deltas: NonNullable<NonNullable<NonNullable<Chunk['choices']>[number]['delta']>['tool_calls']>,
): readonly ToolCall[] => {
  const grown = [...tools]
  for (const { index = 0, function: called } of deltas) {
    const before = grown[index] ?? { name: '', arguments: '' }
    grown[index] = {
      name: before.name + (called?.name ?? ''),
      arguments: before.arguments + (called?.arguments ?? ''),
    }
  }
  return grown
}

/** @param ms since the request was sent */
export const withChunk = (reply: Reply, { choices, usage, timings, error }: Chunk, ms: number): Reply => {
  const { delta, finish_reason } = choices?.[0] ?? {}
  const text = delta?.content ?? ''
  const thoughts = delta?.reasoning_content ?? ''
  const calls = delta?.tool_calls ?? []
  const isFirst = reply.figures.first_token_ms === null && (text !== '' || thoughts !== '' || calls.length > 0)
  const first = isFirst ? ms : reply.figures.first_token_ms
  const isThought = reply.thoughts !== '' && reply.figures.thought_ms === null && text !== ''
  const tokens = usage?.completion_tokens ?? reply.figures.tokens
  // Without the backend's own figure: the tokens after the first one, over the time that they took.
  const measured =
    tokens !== null && first !== null && ms > first && tokens > 1 ? ((tokens - 1) * 1000) / (ms - first) : null
  return {
    ...reply,
    text: reply.text + text,
    thoughts: reply.thoughts + thoughts,
    tools: withTools(reply.tools, calls),
    figures: {
      first_token_ms: first,
      thought_ms: isThought ? ms - (first ?? ms) : reply.figures.thought_ms,
      tokens,
      tokens_per_second: timings?.predicted_per_second ?? (usage == null ? reply.figures.tokens_per_second : measured),
    },
    cut: finish_reason === 'length' ? 'length' : reply.cut,
    problem: error === undefined ? reply.problem : (error.message ?? texts.broke),
  }
}
