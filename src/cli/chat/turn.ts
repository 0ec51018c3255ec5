import { withProgress } from '../slot/shared/follow-progress.ts'
import { StatusLine } from '../terminal/status-line.ts'
import { AnswerPrinter } from './answer-printer.ts'
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
  const printer = new AnswerPrinter()
  try {
    for await (const piece of readCompletion(slot, stream, signal)) {
      if (piece.kind === 'thinking') answer.thinking += piece.text
      else answer.content += piece.text
      if (show) printer.print(piece)
    }
  } finally {
    printer.end()
  }
}
