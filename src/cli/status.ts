import type { Pull } from '../contract/models/pull.ts'
import { isUnderWay } from '../contract/models/pull-phase.ts'
import type { Status } from '../contract/system.ts'
import { duration } from '../lib/figures.ts'
import { call } from './api/client.ts'
import { defineVerb } from './command.ts'
import { pullTable } from './model/bring/pull-table.ts'
import { stateCell } from './slot/shared/progress.ts'
import { Failure } from './terminal/failure.ts'
import { print, printJson, talk } from './terminal/output.ts'
import { fields, table } from './terminal/table.ts'

const slotColumns = [
  { title: 'SLOT', role: 'id' },
  { title: 'STATE', role: 'figure' },
  { title: 'MODEL', role: 'id' },
  { title: 'PORT', role: 'id', align: 'right' },
] as const

/** The pulls under way; none for a caller that may see the status but not the pulls. */
const pullsUnderWay = async (): Promise<Pull[]> => {
  try {
    return (await call('listPulls', {})).filter(isUnderWay)
  } catch (error) {
    if (error instanceof Failure && error.body?.code === 'auth.forbidden') return []
    throw error
  }
}

const show = (status: Status, pulls: readonly Pull[]): void => {
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
  const slots = status.slots.map(({ name, state, model, port }) => [name, stateCell(state), model ?? '-', String(port)])
  if (slots.length > 0) print(`\n${table(slotColumns, slots)}`)
  if (pulls.length > 0) print(`\n${pullTable(pulls)}`)
  for (const { name, state, capture } of status.slots) {
    if (capture)
      talk.log(`Prompts and answers of the slot ${name} are kept. They are shown by: hal0 slot capture ${name}`)
    if (state === 'error') talk.log(`The slot ${name} has failed. What to do is said by: hal0 slot show ${name}`)
  }
}

export default defineVerb({
  about: 'Show the daemon, its slots in short, and the pulls under way.',
  examples: ['hal0 status', 'hal0 status --json'],
  args: {},
  async run({ args: { json } }) {
    const status = await call('status', {})
    const pulls = await pullsUnderWay()
    if (json) printJson({ ...status, pulls })
    else show(status, pulls)
  },
})
