import { ask, canAsk } from './ask.ts'

/**
 * Asks on the terminal before something is deleted. Without a terminal nobody can answer, and the command line itself counts as
 * the decision.
 * @returns whether to go on
 */
export const confirm = async (question: string): Promise<boolean> =>
  // Ctrl-D and Ctrl-C are a no.
  !canAsk() || /^y(es)?$/i.test(await ask(`${question} [y/N] `))

export const yesFlag = { yes: { type: 'boolean', alias: 'y', description: 'Do not ask' } } as const
