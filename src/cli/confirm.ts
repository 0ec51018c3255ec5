import { createInterface } from 'node:readline/promises'

/**
 * Asks on the terminal before something is lost. Where there is no terminal nobody can answer, and the command line itself is the
 * decision.
 * @returns whether to go on
 */
export const confirm = async (question: string): Promise<boolean> => {
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) return true
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  const ended = new Promise<string>((resolve) => {
    // Ctrl-D and Ctrl-C are a no.
    lines.once('close', () => resolve(''))
    lines.once('SIGINT', () => lines.close())
  })
  const answer = await Promise.race([lines.question(`${question} [y/N] `), ended])
  lines.close()
  return /^y(es)?$/i.test(answer.trim())
}

export const yesFlag = { yes: { type: 'boolean', alias: 'y', description: 'Do not ask' } } as const
