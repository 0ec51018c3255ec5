import type { Slot } from '../../contract/slot-config.ts'
import { call } from '../api/client.ts'
import { defineVerb } from '../command.ts'
import { exitCode } from '../terminal/exit-code.ts'
import { Failure } from '../terminal/failure.ts'
import { catchInterrupt, Interrupted } from '../terminal/interrupt.ts'
import { canChat, kindOf, pickSlot, slotCalled } from './pick-slot.ts'
import { promptOf } from './prompt.ts'
import { requireChat, standingOf } from './standing.ts'
import { requireAnswerable, talkFlags, talkWith } from './talk.ts'
import { untilReady } from './until-ready.ts'

const example = 'hal0 chat primary "Why is the sky blue?"'

const slotNamed = (text: string, slots: readonly Slot[]): Slot => {
  const slot = slotCalled(text, slots)
  if (slot !== null) return slot
  throw new Failure(exitCode.notFound, `There is no slot ${JSON.stringify(text)}.`, {
    hint: slots.length === 0 ? 'hal0 run MODEL' : 'hal0 slot list',
  })
}

export default defineVerb({
  about: 'Chat with a slot in the terminal.',
  more: `Without SLOT: one that is ready, else one that is loading, else one that loads on demand.
With PROMPT, or through a pipe, the answer is printed, and nothing else; with --json as an object {slot, content, thinking}.
A slot that is still being pulled or loaded is waited for. hal0 run MODEL also fetches what is missing.
Ctrl-C stops an answer; at an empty prompt it quits, as Ctrl-D does.`,
  examples: ['hal0 chat', 'hal0 chat primary', example, 'cat letter.txt | hal0 chat primary "Make this shorter."'],
  args: {
    slot: { type: 'positional', required: false, description: 'Name, alias or model of the slot', completes: 'slot' },
    prompt: { type: 'positional', required: false, description: 'What is to be answered, in quotes' },
    ...talkFlags,
  },
  async run({ args: { slot: named, prompt, system = null, json = false } }) {
    const question = { prompt: await promptOf(prompt, example), system, json }
    requireAnswerable(question, example)
    const [slots, models] = await Promise.all([call('listSlots', {}), call('listModels', {})])
    const slot = named === undefined ? pickSlot(slots, models) : slotNamed(named, slots)
    const { name } = slot.config
    const able = slots.filter((one) => one !== slot && canChat(one, models)).map(({ config }) => config.name)
    requireChat(name, kindOf(slot, models), able)
    const standing = standingOf(slot, 'load-on-demand')
    if (standing.kind === 'load') {
      using interrupt = catchInterrupt()
      try {
        await untilReady(name, interrupt.signal)
      } catch (error) {
        if (error instanceof Interrupted) return exitCode.interrupted
        throw error
      }
    }
    return talkWith(name, question)
  },
})
