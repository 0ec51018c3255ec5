import { call } from '../api/client.ts'
import { defineVerb } from '../command.ts'
import { type RemovalFlags, removalFlags, remove } from '../removal.ts'
import type { ExitCode } from '../terminal/exit-code.ts'
import { nameArgument } from './shared/slot-command.ts'

/** @throws Failure as `call` does */
export const removeSlot = (name: string, flags: RemovalFlags): Promise<ExitCode> =>
  remove(
    {
      name,
      key: 'name',
      question: async () => `Remove the slot ${name}?`,
      act: () => call('deleteSlot', { params: { name } }),
    },
    flags,
  )

export default defineVerb({
  about: 'Remove an offline slot with its configuration; its model stays.',
  more: 'Asks first on a terminal.',
  examples: ['hal0 slot rm primary', 'hal0 slot rm primary --force'],
  args: { name: nameArgument, ...removalFlags },
  run: ({ args: { name, ...flags } }) => removeSlot(name, flags),
})
