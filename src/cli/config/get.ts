import { defineVerb } from '../command.ts'
import { usageError } from '../terminal/failure.ts'
import { print, printJson } from '../terminal/output.ts'
import { keys, pathOf } from './assignments.ts'
import { showSettings } from './reach.ts'
import { settingValue } from './settings-text.ts'

export default defineVerb({
  about: 'Print the value of one setting, in the form that hal0 config set takes.',
  more: 'Works without a daemon too, unless HAL0_URL is set. null: the setting has no value.',
  examples: ['hal0 config get port', 'hal0 config get hub.mirrors --json'],
  args: { key: { type: 'positional', required: true, description: 'The setting', completes: keys } },
  async run({ args: { key, json } }) {
    if (key === 'hub.token') {
      throw usageError("The hub's token is never shown. Where it comes from is in the last row of: hal0 config show")
    }
    const path = pathOf(key)
    const value = settingValue(await showSettings(), path)
    if (json) printJson(value ?? null)
    else print(typeof value === 'string' ? value : JSON.stringify(value ?? null))
  },
})
