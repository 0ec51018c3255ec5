import { duration } from '../lib/figures.ts'
import { call } from './api/client.ts'
import { defineVerb } from './command.ts'
import { stateCell } from './slot/shared/progress.ts'
import { print, printJson } from './terminal/output.ts'
import { fields, table } from './terminal/table.ts'

export default defineVerb({
  about: 'Show the daemon and its slots in short.',
  examples: ['hal0 status', 'hal0 status --json'],
  args: {},
  async run({ args: { json } }) {
    const status = await call('status', {})
    if (json) return printJson(status)
    print(
      fields([
        ['version', status.version],
        ['url', status.url],
        ['uptime', duration(status.uptime_s)],
        ['pid', String(status.pid)],
        ['supervisor', status.supervisor],
        ...status.problems.map((problem) => ['problem', { text: problem, as: 'red' }] as const),
      ]),
    )
    if (status.slots.length === 0) return
    const columns = [
      { title: 'SLOT' },
      { title: 'STATE' },
      { title: 'MODEL' },
      { title: 'PORT', align: 'right' },
    ] as const
    const rows = status.slots.map(({ name, state, model, port }) => [
      name,
      stateCell(state),
      model ?? '-',
      String(port),
    ])
    print(`\n${table(columns, rows)}`)
  },
})
