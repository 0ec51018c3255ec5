import { createInterface } from 'node:readline/promises'

/** Whether somebody is there to answer. */
export const canAsk = (): boolean => process.stdin.isTTY === true && process.stderr.isTTY === true

/** What is answered on the terminal, in one line without blanks around it; '' after Ctrl-D or Ctrl-C. */
export const ask = async (question: string): Promise<string> => {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  const ended = new Promise<string>((resolve) => {
    lines.once('close', () => resolve(''))
    lines.once('SIGINT', () => lines.close())
  })
  const answer = await Promise.race([lines.question(question), ended])
  lines.close()
  return answer.trim()
}
