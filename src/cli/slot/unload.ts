import { call } from '../api/client.ts'
import { defineVerb } from '../command.ts'
import { nameArgument, runSlotCommand, waitFlag } from './shared/slot-command.ts'

export default defineVerb({
  about: 'Stop the backend of a slot and free its memory.',
  more: 'Ctrl-C stops the waiting, not the unloading; the exit status is then 130.',
  examples: ['hal0 slot unload primary'],
  args: { name: nameArgument, ...waitFlag },
  run: ({ args: { name, wait, json = false } }) =>
    runSlotCommand({
      name,
      wait,
      json,
      goal: { is: 'offline' },
      meanwhile: 'keeps unloading',
      send: (options) => call('unloadSlot', { params: { name }, ...options }),
    }),
})
