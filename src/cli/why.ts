import type { Happening } from '../contract/logs/why.ts'
import { isSlotName } from '../contract/slot.ts'
import { timeOfDay } from '../lib/figures.ts'
import { call } from './api/client.ts'
import { defineVerb } from './command.ts'
import { print, printJson, say } from './terminal/output.ts'
import { printable } from './terminal/style.ts'
import { type Cell, table } from './terminal/table.ts'

const columns = [
  { title: 'TIME', role: 'figure', min: 8 },
  { title: 'SLOT', role: 'id', min: 10 },
  { title: 'WHAT', role: 'figure', min: 8 },
  { title: 'BY', role: 'id', min: 10 },
  { title: 'DETAILS', role: 'prose', min: 20 },
] as const

const cells = ({ time, slot, what, state, text, code, request_id, caller }: Happening): (string | Cell)[] => [
  timeOfDay(time),
  slot ?? '-',
  state === 'error' ? { text: state, as: 'red' } : (state ?? what),
  what === 'state' ? '-' : [request_id, caller].filter((part) => part !== null).join(' of '),
  code === null ? text : `${code}: ${text}`,
]

/** The query about what a person named: a slot, if there is one of that name, and otherwise a request. */
const queryAbout = async (about: string | undefined): Promise<{ slot?: string; request?: string }> => {
  if (about === undefined) return {}
  const { slots } = isSlotName(about) ? await call('status', {}) : { slots: [] }
  return slots.some(({ name }) => name === about) ? { slot: about } : { request: about }
}

export default defineVerb({
  about: 'Say why a request was answered as it was, or why a slot is in its state.',
  more: 'Without an argument: about the slots in error, or else about the last request. The id of a request is the x-request-id of its answer; hal0 logs --json shows it, too.',
  examples: ['hal0 why', 'hal0 why primary', 'hal0 why 1f0c8a92b3de'],
  args: {
    about: {
      type: 'positional',
      required: false,
      valueHint: 'REQUEST-ID|SLOT',
      description: 'The id of a request, or a slot',
      completes: 'slot',
    },
    events: { type: 'boolean', alias: 'e', description: 'Also list what happened, with its times' },
  },
  async run({ args: { about, events, json } }) {
    const why = await call('why', { query: await queryAbout(about) })
    if (json) return printJson(why)
    for (const sentence of why.sentences) say(printable(sentence))
    if (events === true && why.events.length > 0) print(`\n${table(columns, why.events.map(cells))}`)
  },
})
