import { resolve } from 'node:path'
import { defaultProvider, exampleEngine, providerNames } from '../../providers/table.ts'
import { call } from '../api/client.ts'
import { oneOf } from '../arguments.ts'
import { defineVerb } from '../command.ts'
import { printJson, say } from '../terminal/output.ts'
import { daemonOrLocalEngines } from './reach.ts'

export default defineVerb({
  about: 'Choose the engine for slots that do not name one.',
  more: 'Works without a daemon too, unless HAL0_URL is set. A running backend keeps its engine until the slot is restarted.',
  examples: [`hal0 engine use ${exampleEngine.id}`, `hal0 engine use ${exampleEngine.path}`],
  args: {
    provider: {
      type: 'string',
      valueHint: 'PROVIDER',
      default: defaultProvider,
      description: `Whose engine it is: ${providerNames.join(', ')}`,
    },
    engine: {
      type: 'positional',
      required: true,
      description: 'Id of an installed engine, or path of a program',
      completes: 'engine',
    },
  },
  async run({ args: { provider, engine, json } }) {
    const request = {
      provider: oneOf('provider', provider, providerNames),
      engine: engine.includes('/') ? resolve(engine) : engine,
    }
    const chosen = await daemonOrLocalEngines(
      () => call('useEngine', { body: request }),
      (local) => local.use(request),
    )
    if (json) printJson(chosen)
    else say(`${chosen.provider} is now run by ${chosen.id}.`)
  },
})
