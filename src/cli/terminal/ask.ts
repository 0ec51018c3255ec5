import { createInterface } from 'node:readline/promises'

/** Whether somebody is there to answer. */
export const canAsk = (): boolean => process.stdin.isTTY === true && process.stderr.isTTY === true

/** What is answered on the terminal, in one line without blanks around it; '' after Ctrl-D or Ctrl-C. */
export const ask = async (question: string): Promise<string> => {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  const ended = new Promise<null>((resolve) => {
    lines.once('close', () => resolve(null))
    lines.once('SIGINT', () => lines.close())
  })
  const answer = await Promise.race([lines.question(question), ended])
  lines.close()
  // What is said next begins a line of its own.
  if (answer === null) process.stderr.write('\n')
  return answer?.trim() ?? ''
}
