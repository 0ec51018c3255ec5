import { timeOfDay } from '../../lib/figures.ts'
import { call } from '../api/client.ts'
import { defineVerb } from '../command.ts'
import { print, printJson, talk } from '../terminal/output.ts'
import { table } from '../terminal/table.ts'
import { stateCell } from './shared/progress.ts'

const columns = [
  { title: 'NAME' },
  { title: 'STATE' },
  { title: 'SINCE' },
  { title: 'MODEL' },
  { title: 'LOAD' },
  { title: 'PORT', align: 'right' },
  { title: 'PID', align: 'right' },
] as const

export default defineVerb({
  about: 'List the slots and how they stand.',
  examples: ['hal0 slot list', "hal0 slot list --json | jq -r '.[].config.name'"],
  args: {},
  async run({ args: { json } }) {
    const slots = await call('listSlots', {})
    if (json) return printJson(slots)
    if (slots.length === 0)
      return talk.log('There is no slot yet. Create one with: hal0 slot create NAME --model MODEL')
    const rows = slots.map(({ config, state }) => [
      config.name,
      stateCell(state.state),
      timeOfDay(state.since),
      state.model ?? config.model ?? '-',
      config.load,
      String(config.port),
      state.pid === null ? '-' : String(state.pid),
    ])
    print(table(columns, rows))
  },
})
