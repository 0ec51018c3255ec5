import { call } from '../api/client.ts'
import { defineVerb } from '../command.ts'
import { exitCode } from '../terminal/exit-code.ts'
import { usageError } from '../terminal/failure.ts'
import { catchInterrupt, Interrupted } from '../terminal/interrupt.ts'
import { printJson } from '../terminal/output.ts'
import { pickSlot } from './pick-slot.ts'
import { converse } from './repl.ts'
import { type Answer, takeTurn } from './turn.ts'

const chooseSlot = async (named: string | undefined): Promise<string> => {
  if (named === undefined) return pickSlot(await call('listSlots', {}), await call('listModels', {}))
  await call('showSlot', { params: { name: named } })
  return named
}

/** Takes all of stdin as one prompt and prints the answer. */
const answerPipe = async (slot: string, json: boolean) => {
  const prompt = (await Bun.stdin.text()).trim()
  if (prompt === '') throw usageError('There is no prompt on stdin.', 'echo "Why is the sky blue?" | hal0 chat')
  using interrupt = catchInterrupt()
  const answer: Answer = { content: '', thinking: '' }
  try {
    await takeTurn(slot, [{ role: 'user', content: prompt }], answer, !json, interrupt.signal)
  } catch (error) {
    if (error instanceof Interrupted) return exitCode.interrupted
    throw error
  }
  if (json) printJson({ slot, ...answer })
  return exitCode.done
}

export default defineVerb({
  about: 'Chat with a slot in the terminal.',
  more: `Without SLOT: one that is ready, else one that is loading, else one that loads on demand.
Through a pipe all of stdin is one prompt, and the answer is printed; with --json as an object {slot, content, thinking}.
Ctrl-C stops an answer; at an empty prompt it quits, as Ctrl-D does.`,
  examples: ['hal0 chat', 'hal0 chat primary', 'cat letter.txt | hal0 chat primary'],
  args: { slot: { type: 'positional', required: false, description: 'Name of the slot' } },
  async run({ args: { slot: named, json = false } }) {
    if (process.stdin.isTTY !== true) return answerPipe(await chooseSlot(named), json)
    if (json)
      throw usageError(
        'hal0 chat --json takes its prompt from a pipe.',
        'echo "Why is the sky blue?" | hal0 chat --json',
      )
    await converse(await chooseSlot(named))
    return exitCode.done
  },
})
