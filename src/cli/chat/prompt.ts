/** The question of a command that answers once. */
import { usageError } from '../terminal/failure.ts'
import { talk } from '../terminal/output.ts'

/** After this, milliseconds, somebody who waits is told what for. */
const sayAfterMs = 2000

/** All of stdin. A pipe that nobody closes would otherwise look like a command that hangs. */
const readStdin = async (): Promise<string> => {
  const timer = setTimeout(() => {
    talk.log('Waiting for the end of stdin, which belongs to the prompt; < /dev/null gives none.')
  }, sayAfterMs)
  try {
    return (await Bun.stdin.text()).trim()
  } finally {
    clearTimeout(timer)
  }
}

/**
 * What is to be answered once: the prompt of the command line, and below it what comes through a pipe.
 * @param example a command line that has a prompt
 * @returns null for a conversation on the terminal
 * @throws Failure wrong usage when the prompt is empty
 */
export const promptOf = async (typed: string | undefined, example: string): Promise<string | null> => {
  const isTerminal = process.stdin.isTTY === true
  if (isTerminal && typed === undefined) return null
  const parts = [typed?.trim() ?? '', isTerminal ? '' : await readStdin()].filter((part) => part !== '')
  if (parts.length > 0) return parts.join('\n\n')
  throw usageError(typed === undefined ? 'There is no prompt on stdin.' : 'The prompt is empty.', example)
}
