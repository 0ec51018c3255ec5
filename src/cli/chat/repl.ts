/** The conversation in a terminal. */
import { createInterface } from 'node:readline'
import { failureOf } from '../terminal/failure.ts'
import { catchInterrupt, Interrupted } from '../terminal/interrupt.ts'
import { talk } from '../terminal/output.ts'
import { reportFailure } from '../terminal/report-failure.ts'
import { style } from '../terminal/style.ts'
import type { Message } from './completion.ts'
import { type Answer, takeTurn } from './turn.ts'

const help = `/reset  forget the conversation
/exit   leave (so do Ctrl-D, and Ctrl-C at an empty prompt)
/help   print this
Ctrl-C stops an answer.`

/**
 * Reads one line from the terminal. The readline interface lives only as long as the prompt: while an answer is printed, the
 * terminal is in its normal mode, where Ctrl-C is a signal.
 * @param history earlier lines, newest first, for the arrow keys
 * @returns null when the user leaves
 */
const readPrompt = (history: readonly string[]): Promise<string | null> =>
  new Promise((resolve) => {
    const lines = createInterface({
      input: process.stdin,
      output: process.stderr,
      terminal: true,
      history: [...history],
    })
    lines.setPrompt(style(process.stderr, 'bold', '> '))
    lines.once('line', (line) => {
      resolve(line)
      lines.close()
    })
    lines.on('SIGINT', () => {
      if (lines.line === '') return lines.close()
      lines.write(null, { ctrl: true, name: 'e' })
      lines.write(null, { ctrl: true, name: 'u' })
    })
    // After a line this resolves a second time, which has no effect.
    lines.once('close', () => resolve(null))
    lines.prompt()
  })

const answerTo = async (slot: string, conversation: Message[], prompt: string): Promise<void> => {
  using interrupt = catchInterrupt()
  const answer: Answer = { content: '', thinking: '' }
  try {
    await takeTurn(slot, [...conversation, { role: 'user', content: prompt }], answer, true, interrupt.signal)
  } catch (error) {
    if (error instanceof Interrupted) {
      talk.log(style(process.stderr, 'dim', '(stopped)'))
    } else {
      const failure = failureOf(error)
      if (failure === null) throw error
      reportFailure(failure, false)
    }
  }
  // A question without an answer is forgotten: two user turns in a row confuse chat templates.
  if (answer.content !== '') {
    conversation.push({ role: 'user', content: prompt }, { role: 'assistant', content: answer.content })
  }
}

/**
 * Talks with a slot until the user leaves.
 * @param beginning of the conversation, which is never forgotten: the system prompt
 */
export const converse = async (slot: string, beginning: readonly Message[]): Promise<void> => {
  talk.log(style(process.stderr, 'dim', `Chatting with ${slot}. /help says what else can be typed.`))
  const conversation: Message[] = [...beginning]
  const history: string[] = []
  for (;;) {
    const line = await readPrompt(history)
    if (line === null) {
      process.stderr.write('\n')
      return
    }
    const prompt = line.trim()
    if (prompt === '') continue
    history.unshift(prompt)
    if (prompt === '/exit') return
    if (prompt === '/help') talk.log(help)
    else if (prompt === '/reset') {
      conversation.length = beginning.length
      talk.log('The conversation is forgotten.')
    } else if (/^\/[a-z]+$/.test(prompt)) talk.log(`${prompt} is not a command. /help lists them.`)
    else await answerTo(slot, conversation, prompt)
  }
}
