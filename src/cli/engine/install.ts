import { didYouMean } from '../../lib/text/did-you-mean.ts'
import { firstInstall, providerNames } from '../../providers/table.ts'
import { oneOf } from '../arguments.ts'
import { defineVerb } from '../command.ts'
import { exitCode } from '../terminal/exit-code.ts'
import { usageError } from '../terminal/failure.ts'
import { catchInterrupt, Interrupted } from '../terminal/interrupt.ts'
import { printJson, say, talk } from '../terminal/output.ts'
import { installInDaemon } from './install-in-daemon.ts'
import { daemonOrLocalEngines } from './reach.ts'

export default defineVerb({
  about: 'Install the program that runs models.',
  more: 'Works without a daemon too, unless HAL0_URL is set. The source pypi needs python3 and the package index.',
  examples: [firstInstall],
  args: {
    engine: {
      type: 'positional',
      required: true,
      description: `What is to run models: ${providerNames.join(', ')}`,
      completes: providerNames,
    },
    source: { type: 'string', default: 'pypi', valueHint: 'SOURCE', description: 'Where from: pypi' },
    version: { type: 'string', valueHint: 'VERSION', description: 'This version instead of the newest' },
  },
  async run({ args: { engine, source, version, json } }) {
    if (!providerNames.includes(engine)) {
      throw usageError(
        `hal0 can install ${providerNames.join(', ')}, not '${engine}'.${didYouMean(engine, providerNames)}`,
      )
    }
    const request = {
      provider: engine,
      source: oneOf('source', source, ['pypi'] as const),
      ...(version === undefined ? {} : { version }),
    } as const
    try {
      const installed = await daemonOrLocalEngines(
        async () => {
          using interrupt = catchInterrupt()
          talk.log('Installing; this takes up to a few minutes.')
          return await installInDaemon(request, interrupt.signal)
        },
        (local) => local.install(request, (sentence) => talk.log(sentence)),
      )
      if (json) printJson(installed)
      else say(`${installed.id} is installed at ${installed.path}.`)
      return exitCode.done
    } catch (error) {
      if (error instanceof Interrupted) return exitCode.interrupted
      throw error
    }
  },
})
