import { exampleEngine } from '../../providers/table.ts'
import { call } from '../api/client.ts'
import { defineVerb } from '../command.ts'
import { print, printJson } from '../terminal/output.ts'
import { daemonOrLocal } from './reach.ts'

export default defineVerb({
  about: 'Remove an installed engine.',
  more: 'Works without a daemon too, unless HAL0_URL is set.',
  examples: [`hal0 engine remove ${exampleEngine.id}`],
  args: { id: { type: 'positional', required: true, description: 'Id of the engine (hal0 engine list)' } },
  async run({ args: { id, json } }) {
    await daemonOrLocal(
      () => call('removeEngine', { params: { id }, noTimeout: true }),
      (local) => local.remove(id),
    )
    if (json) printJson({ id, deleted: true })
    else print(`${id} is removed.`)
  },
})
