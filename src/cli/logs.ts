import { Decision, type DecisionFilter } from '../contract/logs/decision.ts'
import { milliseconds, timeOfDay } from '../lib/figures.ts'
import { problemsOf } from '../lib/validate.ts'
import { callForPage } from './api/client.ts'
import type { ServerEvent } from './api/event-stream.ts'
import { followEvents } from './api/follow-events.ts'
import { wholeNumber } from './arguments.ts'
import { defineVerb } from './command.ts'
import { filterArgs, filterOf } from './log-filter.ts'
import { showBackendOutput } from './slot/shared/backend-output.ts'
import { usageError } from './terminal/failure.ts'
import { print, printJson, talk } from './terminal/output.ts'
import { type Cell, growingTable, table } from './terminal/table.ts'

const columns = [
  { title: 'TIME', role: 'figure', min: 8 },
  { title: 'MODEL', role: 'id', min: 16 },
  { title: 'SLOT', role: 'id', min: 10 },
  { title: 'STATUS', role: 'figure', min: 6, align: 'right' },
  { title: 'OUTCOME', role: 'figure', min: 8, drop: 5 },
  { title: 'WAIT', role: 'figure', min: 8, align: 'right', drop: 4 },
  { title: 'FIRST', role: 'figure', min: 8, align: 'right', drop: 3 },
  { title: 'TOTAL', role: 'figure', min: 8, align: 'right', drop: 1 },
  { title: 'TOKENS', role: 'figure', min: 8, align: 'right', drop: 2 },
  { title: 'WHY', role: 'prose', min: 20 },
] as const

const tokens = (value: number | null): string => (value === null ? '-' : String(value))

const cells = (decision: Decision): (string | Cell)[] => [
  timeOfDay(decision.time),
  decision.model ?? '-',
  decision.slot ?? '-',
  String(decision.status),
  { text: decision.outcome, as: decision.outcome === 'ok' ? 'green' : 'red' },
  milliseconds(decision.wait_ms),
  milliseconds(decision.first_byte_ms),
  milliseconds(decision.duration_ms),
  decision.prompt_tokens === null && decision.completion_tokens === null
    ? '-'
    : `${tokens(decision.prompt_tokens)}+${tokens(decision.completion_tokens)}`,
  decision.code === null ? decision.reason : `${decision.code}: ${decision.message ?? decision.reason}`,
]

/** @returns null for an event that this version cannot read as a decision */
const readDecision = ({ data }: ServerEvent): Decision | null => {
  try {
    const value = JSON.parse(data) as unknown
    return problemsOf(Decision, value).length === 0 ? (value as Decision) : null
  } catch {
    // An event of another kind, from another version of the daemon.
    return null
  }
}

/** The longest page of the API. */
const pageRows = 1000

interface Requests {
  filter: DecisionFilter
  lines: number
  follow: boolean
  json: boolean
}

/** The newest first, from as many pages as it takes. */
const lastRequests = async (filter: DecisionFilter, count: number): Promise<Decision[]> => {
  const all: Decision[] = []
  for (let before: number | null | undefined; before !== null && all.length < count; ) {
    const limit = Math.min(pageRows, count - all.length)
    const query = { ...filter, limit, ...(before === undefined ? {} : { before }) }
    const { reply, next } = await callForPage('listDecisions', { query })
    all.push(...reply)
    before = next
  }
  return all
}

/** Lists the last decisions, oldest first, and goes on with new ones if they are to be followed. */
const showRequests = async ({ filter, lines, follow, json }: Requests): Promise<void> => {
  const decisions = await lastRequests(filter, lines)
  const oldestFirst = decisions.toReversed()
  if (!follow) {
    if (json) return printJson(decisions)
    if (decisions.length === 0) return talk.log('No request has come yet.')
    return print(table(columns, oldestFirst.map(cells)))
  }
  const list = growingTable(columns)
  if (!json && list.heading !== null) print(list.heading)
  const tell = (decision: Decision) => print(json ? JSON.stringify(decision) : list.row(cells(decision)))
  oldestFirst.forEach(tell)
  let newest = decisions[0]?.id ?? 0
  const from = { lastEventId: String(newest), wasThere: true }
  const wanted = new URLSearchParams(Object.entries(filter).map(([key, value]) => [key, String(value)]))
  for await (const event of followEvents(`/api/logs/decisions/events?${wanted}`, from)) {
    const decision = readDecision(event)
    if (decision === null || decision.id <= newest) continue
    newest = decision.id
    tell(decision)
  }
}

export default defineVerb({
  about:
    'Show the requests that came in, which slot got each, and how it went; with NAME what the backend of that slot prints.',
  more: `Newest last. TOKENS is prompt+completion. With --json an array, newest first; together with --follow one object a line.
With NAME it is the same as: hal0 slot logs NAME`,
  examples: [
    'hal0 logs',
    'hal0 logs --slot primary -n 100',
    'hal0 logs -f --status 503',
    'hal0 logs --since 2h --text timeout',
    'hal0 logs primary -f',
  ],
  args: {
    name: {
      type: 'positional',
      required: false,
      description: 'A slot: what its backend prints, instead of the requests',
      completes: 'slot',
    },
    follow: { type: 'boolean', alias: 'f', description: 'Keep showing new ones until Ctrl-C' },
    lines: {
      type: 'string',
      alias: 'n',
      valueHint: 'COUNT',
      description: 'How many of the last ones: requests, 20 by default, or lines, 100 by default',
    },
    ...filterArgs,
  },
  async run({ args: { name, follow = false, lines, json = false, ...rest } }) {
    const filter = filterOf(rest)
    if (name === undefined) {
      return showRequests({ filter, lines: wholeNumber('lines', lines ?? '20', 1, 100_000), follow, json })
    }
    const [first] = Object.keys(filter)
    if (first !== undefined) {
      throw usageError(
        `--${first} chooses among the requests; NAME shows what a backend prints.`,
        `hal0 logs --slot ${name}`,
      )
    }
    return showBackendOutput({ name, lines: wholeNumber('lines', lines ?? '100', 1, 10_000), follow, json })
  },
})
