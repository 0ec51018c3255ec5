/** A talk with a slot that can answer: one question, or a conversation on the terminal. */
import { type ExitCode, exitCode } from '../terminal/exit-code.ts'
import { usageError } from '../terminal/failure.ts'
import { catchInterrupt, Interrupted } from '../terminal/interrupt.ts'
import { printJson } from '../terminal/output.ts'
import type { Message } from './completion.ts'
import { converse } from './repl.ts'
import { type Answer, takeTurn } from './turn.ts'

export interface Question {
  /** null: a conversation on the terminal. */
  prompt: string | null
  /** Goes before everything else; null: none. */
  system: string | null
  json: boolean
}

/** Flags of the commands that talk. */
export const talkFlags = {
  system: { type: 'string', valueHint: 'TEXT', description: 'System prompt: how to answer' },
} as const

/** @throws Failure wrong usage, before anything is begun. @param example a command line that answers once */
export const requireAnswerable = ({ prompt, system, json }: Question, example: string): void => {
  if (system !== null && system.trim() === '') throw usageError('--system takes a text.')
  if (json && prompt === null) throw usageError('--json is for one answer: give a prompt, or a pipe.', example)
}

/** Prints the answer to stdout as it arrives, or as JSON once it is complete. */
const answerOnce = async (slot: string, beginning: readonly Message[], prompt: string, json: boolean) => {
  using interrupt = catchInterrupt()
  const answer: Answer = { content: '', thinking: '' }
  try {
    await takeTurn(slot, [...beginning, { role: 'user', content: prompt }], answer, !json, interrupt.signal)
  } catch (error) {
    if (error instanceof Interrupted) return exitCode.interrupted
    throw error
  }
  if (json) printJson({ slot, ...answer })
  return exitCode.done
}

/** @throws Failure why there is no answer; in a conversation only a bug is thrown */
export const talkWith = async (slot: string, { prompt, system, json }: Question): Promise<ExitCode> => {
  const beginning: Message[] = system === null ? [] : [{ role: 'system', content: system }]
  if (prompt !== null) return answerOnce(slot, beginning, prompt, json)
  await converse(slot, beginning)
  return exitCode.done
}
