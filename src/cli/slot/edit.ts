import { call } from '../api/client.ts'
import { repeated } from '../arguments.ts'
import { defineVerb } from '../command.ts'
import { requireModel } from '../model/require-model.ts'
import { usageError } from '../terminal/failure.ts'
import { printJson, say, talk } from '../terminal/output.ts'
import { argumentsText, keys, parseSettings, parseUnset, setFlag, settingsHelp } from './shared/settings.ts'
import { nameArgument } from './shared/slot-command.ts'

const args = {
  name: nameArgument,
  ...setFlag,
  unset: {
    type: 'string',
    valueHint: 'KEY',
    description: 'Reset a key to its default; may be repeated',
    completes: keys,
  },
} as const

const textOf = (key: string, value: unknown): string => argumentsText(key, value) ?? JSON.stringify(value)

export default defineVerb({
  about: 'Change the configuration of a slot.',
  more: settingsHelp,
  examples: [
    'hal0 slot edit primary --set context_size=8192',
    'hal0 slot edit primary --set load=on-demand --unset gpu_layers',
  ],
  args,
  async run({ args: { name, json }, rawArgs }) {
    const body = {
      ...parseSettings(repeated(rawArgs, 'set')),
      ...parseUnset(repeated(rawArgs, 'unset')),
    }
    const changed = Object.keys(body)
    if (changed.length === 0) throw usageError('There is nothing to change: give --set KEY=VALUE or --unset KEY.')
    if (body.model != null) await requireModel(body.model)
    const slot = await call('editSlot', { params: { name }, body })
    if (json) return printJson(slot)
    say(`${name}: ${changed.map((key) => `${key} = ${textOf(key, slot.config[key])}`).join(', ')}`)
    if (slot.state.state !== 'offline' && slot.state.state !== 'error') {
      talk.log(`The running backend keeps what it was started with until: hal0 slot restart ${name}`)
    }
  },
})
