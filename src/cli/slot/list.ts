import type { Slot } from '../../contract/slot-config.ts'
import { age } from '../../lib/figures.ts'
import { call } from '../api/client.ts'
import { defineVerb } from '../command.ts'
import { print, printJson, talk } from '../terminal/output.ts'
import { type Cell, table } from '../terminal/table.ts'
import { stateCell } from './shared/progress.ts'

const columns = [
  { title: 'NAME', role: 'id' },
  { title: 'STATE', role: 'figure' },
  { title: 'SINCE', role: 'figure', drop: 1 },
  { title: 'MODEL', role: 'id' },
  { title: 'LOAD', role: 'figure', drop: 2 },
  { title: 'PORT', role: 'id', align: 'right' },
  { title: 'PID', role: 'figure', align: 'right', drop: 3 },
  { title: 'WHY', role: 'figure' },
] as const

/** How long ago a state began, e.g. `3 min ago`; the time itself if this clock and the daemon's disagree. */
const since = (time: string): string => {
  const seconds = (Date.now() - new Date(time).getTime()) / 1000
  return seconds >= 0 ? `${age(seconds)} ago` : time
}

const cells = ({ config, state }: Slot): (string | Cell)[] => [
  config.name,
  stateCell(state.state),
  since(state.since),
  state.model ?? config.model ?? '-',
  config.load,
  String(config.port),
  state.pid === null ? '-' : String(state.pid),
  state.error === null ? '' : { text: state.error.code, as: 'red' },
]

/** A column that would be empty in each row is not shown. */
const withoutEmptyWhy = (slots: readonly Slot[]) =>
  slots.some(({ state }) => state.error !== null) ? columns : columns.slice(0, -1)

export default defineVerb({
  about: 'List the slots and how they stand.',
  examples: ['hal0 slot list', "hal0 slot list --json | jq -r '.[].config.name'"],
  args: {},
  async run({ args: { json } }) {
    const slots = await call('listSlots', {})
    if (json) return printJson(slots)
    if (slots.length === 0)
      return talk.log('There is no slot yet. Create one with: hal0 slot create NAME --model MODEL')
    print(table(withoutEmptyWhy(slots), slots.map(cells)))
    const failed = slots.find(({ state }) => state.error !== null)
    if (failed !== undefined) talk.log(`What went wrong is shown by: hal0 slot show ${failed.config.name}`)
  },
})
