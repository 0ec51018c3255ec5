import type { SlotRecord } from '../../contract/slot.ts'
import type { Slot } from '../../contract/slot-config.ts'
import { call } from '../api/client.ts'
import { defineVerb } from '../command.ts'
import { envelopeFailure, Failure } from '../terminal/failure.ts'
import { print, printJson, talk } from '../terminal/output.ts'
import { printable, style, widthOf } from '../terminal/style.ts'
import { type Cell, fields } from '../terminal/table.ts'
import { wrap } from '../text/wrap.ts'
import { queueText, stateCell } from './shared/progress.ts'
import { ruleRows } from './shared/rule-settings.ts'
import { argumentsText } from './shared/settings.ts'
import { nameArgument } from './shared/slot-command.ts'

const shown = (value: unknown): string => {
  if (value === null) return '-'
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map(String).join(', ')
  return String(value)
}

const shownSetting = (key: string, value: unknown): string =>
  key === 'capture' && value === true ? 'true: prompts and answers are kept' : argumentsText(key, value) || shown(value)

/** A section of a provider is shown as `--set` takes its keys: SECTION.KEY. */
const rowsOf = ([key, value]: [string, unknown]): [string, string][] =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.entries(value).map(([inner, one]) => [`${key}.${inner}`, shownSetting(inner, one)])
    : [[key, shownSetting(key, value)]]

/** What went wrong: the sentence, its code, and the command to try. */
const errorRows = ({ name, error }: SlotRecord): [string, string | Cell][] => {
  if (error === null) return []
  const { message, hint } = envelopeFailure(error, name)
  return [
    ['error', { text: message, as: 'red' }],
    ['code', error.code],
    // A new load acknowledges the error.
    ['try', { text: hint ?? `hal0 slot load ${name}`, as: 'cyan' }],
  ]
}

/** What is going on at a slot that serves requests, or has some that wait. */
const requestRows = ({ config, queue }: Slot): [string, string][] =>
  queue.in_flight + queue.waiting === 0
    ? []
    : [
        ['in flight', `${queue.in_flight} of ${config.max_in_flight}`],
        ['queue', queueText(queue)],
      ]

/** What the backend printed before it failed: as the error has it, else the end of the slot's log. */
const lastLines = async ({ name, error }: SlotRecord): Promise<string[]> => {
  if (error === null) return []
  const told = error.details.last_lines
  if (Array.isArray(told) && told.length > 0) return told.map(String)
  try {
    return await call('slotLogs', { params: { name }, query: { lines: 10 } })
  } catch (reason) {
    if (!(reason instanceof Failure)) throw reason
    // The slot is shown all the same.
    talk.warn(reason.message)
    return []
  }
}

export default defineVerb({
  about: 'Show how one slot stands, what went wrong with it, and its configuration.',
  examples: ['hal0 slot show primary', 'hal0 slot show primary --json'],
  args: { name: nameArgument },
  async run({ args: { name, json } }) {
    const slot = await call('showSlot', { params: { name } })
    if (json) return printJson(slot)
    const { state, config } = slot
    const { name: _, params, profiles, ...settings } = config
    const printed = await lastLines(state)
    print(
      fields([
        ['name', state.name],
        ['state', stateCell(state.state)],
        ['since', state.since],
        ...(slot.problem === undefined ? [] : [['problem', { text: slot.problem, as: 'red' }] as const]),
        // An error is its own reason.
        ...(state.error === null ? ([['reason', shown(state.reason)]] as const) : []),
        ...errorRows(state),
        ...(state.model === null || state.model === config.model ? [] : ([['loaded', state.model]] as const)),
        ...requestRows(slot),
        ['pid', shown(state.pid)],
        ['unit', state.unit],
      ]),
    )
    if (printed.length > 0) {
      print('\nThe backend printed last:')
      const width = widthOf(process.stdout)
      for (const line of printed) print(style(process.stdout, 'dim', wrap(`  ${printable(line)}`, width)))
    }
    print(`\n${fields([...Object.entries(settings).flatMap(rowsOf), ...ruleRows({ params, profiles })])}`)
  },
})
