import { call } from '../api/client.ts'
import { defineVerb } from '../command.ts'
import { printJson, say } from '../terminal/output.ts'
import { describeSlot, nameArgument } from './shared/slot-command.ts'

export default defineVerb({
  about: 'Acknowledge the error of a slot, which is offline afterwards.',
  more: 'A new load acknowledges by itself.',
  examples: ['hal0 slot ack primary'],
  args: { name: nameArgument },
  async run({ args: { name, json } }) {
    const slot = await call('acknowledgeSlot', { params: { name } })
    if (json) printJson(slot)
    else say(describeSlot(slot))
  },
})
