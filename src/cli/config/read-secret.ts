/** Reads a secret from the terminal or a pipe. It is never an argument: every program on the machine can read those. */
import { exitCode } from '../terminal/exit-code.ts'
import { Failure } from '../terminal/failure.ts'
import { Interrupted } from '../terminal/interrupt.ts'

/** Anything longer is not a token. */
const longest = 65_536

const readPipe = async (): Promise<string> => {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of process.stdin) {
    text += typeof chunk === 'string' ? chunk : decoder.decode(chunk as Uint8Array, { stream: true })
    if (text.length > longest) throw new Failure(exitCode.failed, 'The text on stdin is not a token: it is too long.')
  }
  return text
}

/** What a key press does: it changes the text, completes it (Enter), or gives up (Ctrl-C, Ctrl-D). */
const afterKey = (text: string, key: string): { text: string; end: 'enter' | 'stop' | null } => {
  if (key === '\r' || key === '\n') return { text, end: 'enter' }
  if (key === '\x03' || key === '\x04') return { text, end: 'stop' }
  if (key === '\x7f' || key === '\b') return { text: text.slice(0, -1), end: null }
  return { text: key >= ' ' ? text + key : text, end: null }
}

const readTerminal = (question: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const { stdin, stderr } = process
    let text = ''
    const finish = (settle: () => void): void => {
      stdin.off('data', onData)
      stdin.setRawMode(false)
      stdin.pause()
      stderr.write('\n')
      settle()
    }
    const onData = (data: Buffer | string): void => {
      for (const key of data.toString()) {
        const after = afterKey(text, key)
        text = after.text
        if (after.end === null) continue
        finish(after.end === 'enter' ? () => resolve(text) : () => reject(new Interrupted('interrupted')))
        return
      }
    }
    stdin.setRawMode(true)
    stdin.on('data', onData)
    stdin.resume()
    // Only after the echo is off: somebody may type as soon as the question appears.
    stderr.write(question)
  })

/**
 * @param question asked if stdin is a terminal; what is typed is not shown
 * @returns the secret without surrounding blanks
 * @throws Interrupted after Ctrl-C
 */
export const readSecret = async (question: string): Promise<string> =>
  (process.stdin.isTTY === true ? await readTerminal(question) : await readPipe()).trim()
