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

/**
 * Asks on the terminal before something is deleted. Without a terminal nobody can answer, and the command line itself counts as
 * the decision.
 * @returns whether to go on
 */
export const confirm = async (question: string): Promise<boolean> =>
  // Ctrl-D and Ctrl-C are a no.
  !canAsk() || /^y(es)?$/i.test(await ask(`${question} [y/N] `))

export const yesFlag = { yes: { type: 'boolean', alias: 'y', description: 'Do not ask' } } as const
