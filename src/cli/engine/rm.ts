import { exampleEngine } from '../../providers/table.ts'
import { call } from '../api/client.ts'
import { defineVerb } from '../command.ts'
import { forceFlag, remove } from '../removal.ts'
import { daemonOrLocalEngines } from './reach.ts'

export default defineVerb({
  about: 'Remove an installed engine.',
  more: 'Works without a daemon too, unless HAL0_URL is set.',
  examples: [`hal0 engine rm ${exampleEngine.id}`],
  args: {
    id: { type: 'positional', required: true, description: 'Id of the engine (hal0 engine list)', completes: 'engine' },
    ...forceFlag,
  },
  run: ({ args: { id, ...flags } }) => {
    const act = () =>
      daemonOrLocalEngines(
        () => call('removeEngine', { params: { id }, noTimeout: true }),
        (local) => local.remove(id),
      )
    // An engine can be installed again with one command: there is no question.
    return remove({ name: id, key: 'id', question: null, act }, flags)
  },
})
