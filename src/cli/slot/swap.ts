import { call } from '../client.ts'
import { defineVerb } from '../command.ts'
import { nameArgument, runSlotCommand, waitFlag } from './slot-command.ts'

export default defineVerb({
  about: 'Put another model into a slot and load it.',
  more: 'Ctrl-C stops the waiting, not the swap; the exit status is then 130.',
  examples: ['hal0 slot swap primary --model qwen2.5-0.5b-instruct-q4_k_m'],
  args: {
    name: nameArgument,
    model: { type: 'string', required: true, valueHint: 'MODEL', description: 'Id of the model (hal0 model list)' },
    ...waitFlag,
  },
  run: ({ args: { name, model, wait, json = false } }) =>
    runSlotCommand({
      name,
      wait,
      json,
      meanwhile: 'keeps loading',
      undo: `hal0 slot cancel ${name}`,
      send: (options) => call('swapSlot', { params: { name }, body: { model }, ...options }),
    }),
})
