/** Pulls as a table: alike in `hal0 pulls`, `hal0 status` and `hal0 model list`. */
import type { Pull } from '../../../contract/models/pull.ts'
import { isUnderWay } from '../../../contract/models/pull-phase.ts'
import { bytes, duration, rate } from '../../../lib/figures.ts'
import { type Cell, table } from '../../terminal/table.ts'

const columns = [
  { title: 'PULL', role: 'id' },
  { title: 'PHASE', role: 'figure' },
  { title: 'DONE', role: 'figure', align: 'right' },
  { title: 'RECEIVED', role: 'figure', drop: 2 },
  { title: 'SPEED', role: 'figure', align: 'right' },
  { title: 'LEFT', role: 'figure', align: 'right', drop: 1 },
] as const

/** The phase, and what a pull waits for: one that waits for its turn has asked for nothing yet. */
export const phaseOf = ({ phase, position }: Pull): string =>
  position === null ? phase : `waiting, ${position} in the queue`

const percentage = ({ bytes_received, bytes_total }: Pull): string =>
  bytes_total === null || bytes_total === 0
    ? '-'
    : `${Math.floor((100 * Math.min(bytes_received, bytes_total)) / bytes_total)} %`

const cells = (pull: Pull): (string | Cell)[] => [
  pull.id,
  { text: phaseOf(pull), as: pull.phase === 'failed' ? 'red' : pull.phase === 'done' ? 'green' : 'yellow' },
  percentage(pull),
  pull.bytes_total === null
    ? bytes(pull.bytes_received)
    : `${bytes(pull.bytes_received)} of ${bytes(pull.bytes_total)}`,
  pull.throughput_bps === null || !isUnderWay(pull) ? '-' : rate(pull.throughput_bps),
  pull.eta_s === null || !isUnderWay(pull) ? '-' : duration(pull.eta_s),
]

export const pullTable = (pulls: readonly Pull[]): string => table(columns, pulls.map(cells))
