import { call } from '../api/client.ts'
import { defineVerb } from '../command.ts'
import { confirm, yesFlag } from '../terminal/ask.ts'
import { exitCode } from '../terminal/exit-code.ts'
import { print, printJson, talk } from '../terminal/output.ts'
import { nameArgument } from './shared/slot-command.ts'

export default defineVerb({
  about: 'Delete an offline slot with its configuration; its model stays.',
  more: 'Asks first on a terminal.',
  examples: ['hal0 slot delete primary', 'hal0 slot delete primary --yes'],
  args: { name: nameArgument, ...yesFlag },
  async run({ args: { name, yes, json } }) {
    if (yes !== true && !(await confirm(`Delete the slot ${name}?`))) {
      talk.log('Nothing was deleted.')
      return exitCode.failed
    }
    await call('deleteSlot', { params: { name } })
    if (json) printJson({ name, deleted: true })
    else print(`${name} is deleted.`)
    return exitCode.done
  },
})
