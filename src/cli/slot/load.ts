import { call } from '../api/client.ts'
import { defineVerb } from '../command.ts'
import { nameArgument, runSlotCommand, waitFlag } from './shared/slot-command.ts'

export default defineVerb({
  about: 'Load the model of a slot and wait until it is ready.',
  more: 'A load under way is joined. Ctrl-C stops the waiting, not the load; the exit status is then 130.',
  examples: ['hal0 slot load primary', 'hal0 slot load primary --no-wait'],
  args: { name: nameArgument, ...waitFlag },
  run: ({ args: { name, wait, json = false } }) =>
    runSlotCommand({
      name,
      wait,
      json,
      goal: { is: 'loaded' },
      meanwhile: 'keeps loading',
      undo: `hal0 slot cancel ${name}`,
      send: (options) => call('loadSlot', { params: { name }, ...options }),
    }),
})
