import { call } from '../api/client.ts'
import { defineVerb } from '../command.ts'
import { nameArgument, runSlotCommand, waitFlag } from './shared/slot-command.ts'

export default defineVerb({
  about: 'Cancel the load that a slot is busy with.',
  examples: ['hal0 slot cancel primary'],
  args: { name: nameArgument, ...waitFlag },
  run: ({ args: { name, wait, json = false } }) =>
    runSlotCommand({
      name,
      wait,
      json,
      goal: { is: 'offline' },
      meanwhile: 'keeps stopping its load',
      send: (options) => call('cancelSlot', { params: { name }, ...options }),
    }),
})
