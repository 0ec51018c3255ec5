import { Absence } from './api/absence.ts'
import { call } from './api/client.ts'
import { followEvents } from './api/follow-events.ts'
import { defineVerb } from './command.ts'
import { phaseOf, pullTable } from './model/bring/pull-table.ts'
import { readPull } from './model/bring/read-pull.ts'
import { progressLine } from './pull-figures.ts'
import { print, printJson, talk } from './terminal/output.ts'
import { StatusLine } from './terminal/status-line.ts'
import { growingTable } from './terminal/table.ts'

const watchColumns = [
  { title: 'PULL', role: 'id', min: 30 },
  { title: 'PHASE', role: 'figure', min: 12 },
  { title: 'WHY', role: 'prose', min: 20 },
] as const

/** Prints a line for each new phase of a pull, and on a terminal shows the figures in between. */
const watch = async (json: boolean | undefined): Promise<void> => {
  const line = new StatusLine()
  const { row } = growingTable(watchColumns)
  const phases = new Map<string, string>()
  const absence = new Absence(() => line.clear())
  for await (const { event, data } of followEvents('/api/pulls/events', { absence })) {
    const pull = event === 'pull' ? readPull(data) : null
    if (pull === null) continue
    const phase = phaseOf(pull)
    if (phases.get(pull.id) !== phase) {
      phases.set(pull.id, phase)
      line.clear()
      if (!json) print(row([pull.id, phase, pull.error?.message ?? '']))
    }
    if (json) print(JSON.stringify(pull))
    else if (line.live && pull.phase === 'downloading') {
      line.show(pull.id, progressLine(pull.id, pull))
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
    print(pullTable(pulls))
    for (const { id, error } of pulls) if (error !== null) talk.log(`${id}: ${error.message}`)
  },
})
