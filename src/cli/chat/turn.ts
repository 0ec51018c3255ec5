import { withProgress } from '../slot/shared/follow-progress.ts'
import { StatusLine } from '../terminal/status-line.ts'
import { printable, style } from '../terminal/style.ts'
import { type Message, openCompletion, readCompletion } from './completion.ts'

export interface Answer {
  content: string
  thinking: string
}

/**
 * Asks once. Shows the progress while a cold slot loads. What has arrived is kept even when the answer fails or is stopped.
 * @param answer filled as the answer arrives
 * @param show also print it to stdout as it arrives
 * @throws Failure, or the signal's reason
 */
export const takeTurn = async (
  slot: string,
  messages: readonly Message[],
  answer: Answer,
  show: boolean,
  signal: AbortSignal,
): Promise<void> => {
  const line = new StatusLine()
  const stream = await withProgress(slot, line, 'loading… ', () => openCompletion(slot, messages, signal))
  const terminal = process.stdout.isTTY === true
  let last: 'answer' | 'thinking' | null = null
  let endsLine = true
  const put = (text: string): void => {
    process.stdout.write(text)
  }
  try {
    for await (const { kind, text } of readCompletion(slot, stream, signal)) {
      if (kind === 'thinking') answer.thinking += text
      else answer.content += text
      // Thinking is for a person who watches; in a pipe it is not part of the result.
      if (!show || text === '' || (kind === 'thinking' && !terminal)) continue
      if (last === 'thinking' && kind === 'answer') put('\n\n')
      put(kind === 'thinking' ? style(process.stdout, 'dim', printable(text)) : terminal ? printable(text) : text)
      last = kind
      endsLine = text.endsWith('\n')
    }
  } finally {
    if (!endsLine) put('\n')
  }
}
