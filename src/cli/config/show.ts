import { settingKey, settingPaths } from '../../contract/settings.ts'
import { defineVerb } from '../command.ts'
import { print, printJson, talk } from '../terminal/output.ts'
import { table } from '../terminal/table.ts'
import { showSettings } from './reach.ts'
import { originOf, settingValue, shownValue, tellNext } from './settings-text.ts'

const columns = [
  { title: 'KEY', role: 'id' },
  { title: 'VALUE', role: 'prose' },
  { title: 'FROM', role: 'figure', drop: 1 },
] as const

export default defineVerb({
  about: 'Show every setting of the daemon with its value, or its default.',
  more: "The hub's token is never shown, only where it comes from. Works without a daemon too, unless HAL0_URL is set.",
  examples: ['hal0 config show', 'hal0 config show --json'],
  args: {},
  async run({ args: { json } }) {
    const settings = await showSettings()
    if (json) return printJson(settings)
    const rows = settingPaths(Object.keys(settings.values.engines)).map((path) => [
      settingKey(path),
      shownValue(settingValue(settings, path)),
      originOf(settings, path),
    ])
    const { token } = settings.values.hub
    print(table(columns, [...rows, ['hub.token', token === 'none' ? '-' : '(not shown)', token]]))
    talk.log(`The file is ${settings.file}`)
    tellNext(settings)
  },
})
