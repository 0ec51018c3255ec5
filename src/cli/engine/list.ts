import { firstInstall } from '../../providers/table.ts'
import { call } from '../api/client.ts'
import { defineVerb } from '../command.ts'
import { print, printJson, talk } from '../terminal/output.ts'
import { table } from '../terminal/table.ts'
import { daemonOrLocalEngines } from './reach.ts'

const columns = [
  { title: 'ID', role: 'id' },
  { title: 'PROVIDER', role: 'figure', drop: 1 },
  { title: 'SOURCE', role: 'figure', drop: 3 },
  { title: 'VERSION', role: 'figure', drop: 2 },
  { title: 'DEFAULT', role: 'figure' },
  { title: 'PATH', role: 'figure', drop: 4 },
] as const

export default defineVerb({
  about: 'List the engines that could run models here, and which one slots get.',
  more: 'Works without a daemon too, unless HAL0_URL is set.',
  examples: ['hal0 engine list'],
  args: {},
  async run({ args: { json } }) {
    const engines = await daemonOrLocalEngines(
      () => call('listEngines', {}),
      (local) => local.list(),
    )
    if (json) return printJson(engines)
    if (engines.length === 0) return talk.log(`There is no engine yet. Try: ${firstInstall}`)
    const rows = engines.map((engine) => [
      engine.id,
      engine.provider,
      engine.source,
      engine.version ?? '-',
      engine.default ? 'yes' : '',
      engine.path,
    ])
    print(table(columns, rows))
  },
})
