import { call } from '../api/client.ts'
import { defineVerb } from '../command.ts'
import { nameArgument, runSlotCommand, waitFlag } from './shared/slot-command.ts'

export default defineVerb({
  about: 'Stop the backend of a slot and load its model again, with the configuration as it is now.',
  more: 'Ctrl-C stops the waiting, not the restart; the exit status is then 130.',
  examples: ['hal0 slot restart primary'],
  args: { name: nameArgument, ...waitFlag },
  run: ({ args: { name, wait, json = false } }) =>
    runSlotCommand({
      name,
      wait,
      json,
      goal: { is: 'loaded' },
      meanwhile: 'keeps restarting',
      undo: `hal0 slot cancel ${name}`,
      send: (options) => call('restartSlot', { params: { name }, ...options }),
    }),
})
