import { createInterface } from 'node:readline/promises'

/** Whether there is a person at a terminal who can answer. */
export const canAsk = (): boolean => process.stdin.isTTY === true && process.stderr.isTTY === true

/** One line typed as the answer, trimmed; '' after Ctrl-D or Ctrl-C. */
export const ask = async (question: string): Promise<string> => {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  const ended = new Promise<null>((resolve) => {
    lines.once('close', () => resolve(null))
    lines.once('SIGINT', () => lines.close())
  })
  const answer = await Promise.race([lines.question(question), ended])
  lines.close()
  // The next output begins on its own line.
  if (answer === null) process.stderr.write('\n')
  return answer?.trim() ?? ''
}
