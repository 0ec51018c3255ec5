import type { Pull } from '../contract/models/pull.ts'
import { isUnderWay } from '../contract/models/pull-phase.ts'
import { bytes, duration, rate } from '../lib/figures.ts'
import { Absence } from './api/absence.ts'
import { call } from './api/client.ts'
import { followEvents } from './api/follow-events.ts'
import { defineVerb } from './command.ts'
import { readPull } from './model/bring/read-pull.ts'
import { bar, describeFigures } from './pull-figures.ts'
import { print, printJson, talk } from './terminal/output.ts'
import { StatusLine } from './terminal/status-line.ts'
import { type Cell, row, table } from './terminal/table.ts'

const columns = [
  { title: 'ID' },
  { title: 'PHASE' },
  { title: 'RECEIVED', align: 'right' },
  { title: 'TOTAL', align: 'right' },
  { title: 'SPEED', align: 'right' },
  { title: 'LEFT', align: 'right' },
] as const

/** A pull that waits for its turn has asked for nothing yet. */
const phaseOf = ({ phase, position }: Pull): string => (position === null ? phase : `waiting, ${position} in the queue`)

const cells = (pull: Pull): (string | Cell)[] => [
  pull.id,
  { text: phaseOf(pull), as: pull.phase === 'failed' ? 'red' : pull.phase === 'done' ? 'green' : 'yellow' },
  bytes(pull.bytes_received),
  pull.bytes_total === null ? '-' : bytes(pull.bytes_total),
  pull.throughput_bps === null || !isUnderWay(pull) ? '-' : rate(pull.throughput_bps),
  pull.eta_s === null || !isUnderWay(pull) ? '-' : duration(pull.eta_s),
]

const watchColumns = [{ title: 'ID', min: 30 }, { title: 'PHASE', min: 12 }, { title: 'WHY' }]

/** Prints a line for each new phase of a pull, and on a terminal shows the figures in between. */
const watch = async (json: boolean | undefined): Promise<void> => {
  const line = new StatusLine()
  const phases = new Map<string, string>()
  const absence = new Absence(() => line.clear())
  for await (const { event, data } of followEvents('/api/pulls/events', { absence })) {
    const pull = event === 'pull' ? readPull(data) : null
    if (pull === null) continue
    const phase = phaseOf(pull)
    if (phases.get(pull.id) !== phase) {
      phases.set(pull.id, phase)
      line.clear()
      if (!json) print(row(watchColumns, [pull.id, phase, pull.error?.message ?? '']))
    }
    if (json) print(JSON.stringify(pull))
    else if (line.live && pull.phase === 'downloading') {
      line.show(pull.id, [pull.id, bar(pull), describeFigures(pull)].filter((part) => part !== '').join('  '))
    }
  }
}

export default defineVerb({
  about: 'List the pulls: those under way, and those that have ended since the daemon started.',
  more: 'With --watch it goes on until Ctrl-C; with --json then one JSON object a line.',
  examples: ['hal0 pulls', 'hal0 pulls --watch', "hal0 pulls --json | jq -r '.[].phase'"],
  args: { watch: { type: 'boolean', alias: 'w', description: 'Follow them: a line for each change' } },
  async run({ args: { watch: follow, json } }) {
    if (follow === true) return watch(json)
    const pulls = await call('listPulls', {})
    if (json) return printJson(pulls)
    if (pulls.length === 0) return talk.log('Nothing has been pulled since the daemon started.')
    print(table(columns, pulls.map(cells)))
    for (const { id, error } of pulls) if (error !== null) talk.log(`${id}: ${error.message}`)
  },
})
