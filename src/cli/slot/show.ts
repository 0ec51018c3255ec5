import { call } from '../api/client.ts'
import { defineVerb } from '../command.ts'
import { print, printJson } from '../terminal/output.ts'
import { fields } from '../terminal/table.ts'
import { stateCell } from './shared/progress.ts'
import { argumentsText } from './shared/settings.ts'
import { nameArgument } from './shared/slot-command.ts'

const shown = (value: unknown): string => {
  if (value === null) return '-'
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map(String).join(', ')
  return String(value)
}

const shownSetting = (key: string, value: unknown): string => argumentsText(key, value) || shown(value)

/** A section of a provider is shown as `--set` takes its keys: SECTION.KEY. */
const rowsOf = ([key, value]: [string, unknown]): [string, string][] =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.entries(value).map(([inner, one]) => [`${key}.${inner}`, shownSetting(inner, one)])
    : [[key, shownSetting(key, value)]]

export default defineVerb({
  about: 'Show how one slot stands, and its configuration.',
  examples: ['hal0 slot show primary', 'hal0 slot show primary --json'],
  args: { name: nameArgument },
  async run({ args: { name, json } }) {
    const slot = await call('showSlot', { params: { name } })
    if (json) return printJson(slot)
    const { state, config } = slot
    const { name: _, ...settings } = config
    print(
      fields([
        ['name', state.name],
        ['state', stateCell(state.state)],
        ['since', state.since],
        ['reason', shown(state.reason)],
        ...(state.error === null ? [] : ([['error', { text: state.error.message, as: 'red' }]] as const)),
        ...(state.model === null || state.model === config.model ? [] : ([['loaded', state.model]] as const)),
        ['pid', shown(state.pid)],
        ['unit', state.unit],
      ]),
    )
    print(`\n${fields(Object.entries(settings).flatMap(rowsOf))}`)
  },
})
