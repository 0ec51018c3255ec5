import { Decision } from '../contract/logs/decision.ts'
import { milliseconds, timeOfDay } from '../lib/figures.ts'
import { problemsOf } from '../lib/validate.ts'
import { call } from './api/client.ts'
import type { ServerEvent } from './api/event-stream.ts'
import { followEvents } from './api/follow-events.ts'
import { wholeNumber } from './arguments.ts'
import { defineVerb } from './command.ts'
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
  decision.code === null ? decision.reason : `${decision.code}: ${decision.reason}`,
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

export default defineVerb({
  about: 'Show the requests that came in, which slot got each, and how it went.',
  more: 'Newest last. TOKENS is prompt+completion. With --json an array, newest first; together with --follow one object a line.',
  examples: ['hal0 logs', 'hal0 logs --slot primary -n 100', 'hal0 logs -f'],
  args: {
    follow: { type: 'boolean', alias: 'f', description: 'Keep showing new decisions until Ctrl-C' },
    lines: {
      type: 'string',
      alias: 'n',
      default: '20',
      valueHint: 'COUNT',
      description: 'How many of the last decisions',
    },
    slot: { type: 'string', valueHint: 'SLOT', description: 'Only those that went to this slot', completes: 'slot' },
    model: {
      type: 'string',
      valueHint: 'MODEL',
      description: 'Only those that asked for this model',
      completes: 'model',
    },
  },
  async run({ args: { follow, lines, slot, model, json } }) {
    const filter = { ...(slot === undefined ? {} : { slot }), ...(model === undefined ? {} : { model }) }
    const decisions = await call('listDecisions', { query: { limit: wholeNumber('lines', lines, 1, 1000), ...filter } })
    const oldestFirst = decisions.toReversed()
    if (follow !== true) {
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
    for await (const event of followEvents('/api/logs/decisions/events', from)) {
      const decision = readDecision(event)
      if (decision === null || decision.id <= newest) continue
      newest = decision.id
      if ((slot ?? decision.slot) === decision.slot && (model ?? decision.model) === decision.model) tell(decision)
    }
  },
})
