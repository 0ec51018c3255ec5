/** A conversation. Pure. */
import { texts } from '../texts.ts'

export interface Question {
  role: 'user'
  text: string
  /** Images as data URLs. */
  images: readonly string[]
}

/** How an answer came. */
export interface Figures {
  first_token_ms: number | null
  tokens: number | null
  tokens_per_second: number | null
  thought_ms: number | null
}

export interface ToolCall {
  name: string
  /** JSON, as far as it has come. */
  arguments: string
}

export interface Reply {
  role: 'assistant'
  text: string
  thoughts: string
  tools: readonly ToolCall[]
  figures: Figures
  /** Why it ended early, as a sentence; null: it did not. */
  problem: string | null
  /** The person stopped it, or it reached its longest length. */
  cut: 'stopped' | 'length' | null
}

export type Turn = Question | Reply

export interface Talk {
  id: string
  slot: string | null
  system: string
  /** Absent: the model's default. */
  temperature?: number
  top_p?: number
  max_tokens?: number
  turns: readonly Turn[]
}

export const emptyReply: Reply = {
  role: 'assistant',
  text: '',
  thoughts: '',
  tools: [],
  figures: { first_token_ms: null, tokens: null, tokens_per_second: null, thought_ms: null },
  problem: null,
  cut: null,
}

const titleLength = 60

/** What a conversation is called: its first question. */
export const titleOf = ({ turns }: Pick<Talk, 'turns'>): string => {
  const first = turns.find(({ role }) => role === 'user')
  const line = first?.text.trim().split('\n')[0] ?? ''
  if (line === '') return texts.untitled
  return line.length > titleLength ? `${line.slice(0, titleLength)}…` : line
}

/** The body of the request that the last question asks. */
export const requestOf = (talk: Talk, slot: string): Record<string, unknown> => {
  const { system, temperature, top_p, max_tokens, turns } = talk
  const messages = turns.map((turn) => {
    if (turn.role === 'assistant') return { role: turn.role, content: turn.text }
    if (turn.images.length === 0) return { role: turn.role, content: turn.text }
    const images = turn.images.map((url) => ({ type: 'image_url', image_url: { url } }))
    return { role: turn.role, content: [{ type: 'text', text: turn.text }, ...images] }
  })
  return {
    model: slot,
    messages: system.trim() === '' ? messages : [{ role: 'system', content: system }, ...messages],
    ...(temperature === undefined ? {} : { temperature }),
    ...(top_p === undefined ? {} : { top_p }),
    ...(max_tokens === undefined ? {} : { max_tokens }),
    stream: true,
    stream_options: { include_usage: true },
  }
}

/** The conversation as Markdown, to be kept elsewhere. */
export const markdownOf = (talk: Talk): string =>
  [
    `# ${titleOf(talk)}`,
    ...(talk.system.trim() === '' ? [] : [`> ${talk.system.trim().replaceAll('\n', '\n> ')}`]),
    ...talk.turns.map((turn) => `**${turn.role === 'user' ? texts.you : (talk.slot ?? 'hal0')}**\n\n${turn.text}`),
    '',
  ].join('\n\n')
