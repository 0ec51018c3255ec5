import { providerNames } from '../../providers/table.ts'
import { call, checkInput } from '../api/client.ts'
import { repeated } from '../arguments.ts'
import { defineVerb } from '../command.ts'
import { requireModel } from '../model/require-model.ts'
import { printJson, say, talk } from '../terminal/output.ts'
import { parseSettings, setFlag, settingsHelp } from './shared/settings.ts'

const args = {
  name: {
    type: 'positional',
    required: true,
    description: 'Name of the new slot: a-z, 0-9 and -, at most 32 characters',
  },
  model: {
    type: 'string',
    valueHint: 'MODEL',
    required: true,
    description: 'Id of the model (hal0 model list)',
    completes: 'model',
  },
  provider: {
    type: 'string',
    valueHint: 'PROVIDER',
    description: `What runs the model: ${providerNames.join(', ')}`,
    completes: providerNames,
  },
  load: {
    type: 'string',
    valueHint: 'WHEN',
    description: 'manual, or on-demand: the first request loads it',
    completes: ['manual', 'on-demand'],
  },
  ...setFlag,
} as const

export default defineVerb({
  about: 'Create a slot.',
  more: settingsHelp,
  examples: [
    'hal0 slot create primary --model qwen2.5-0.5b-instruct-q4_k_m --load on-demand',
    'hal0 slot create big --model qwen3-8b-q4_k_m --set aliases=gpt-4o,default',
  ],
  args,
  async run({ args: { name, model, provider, load, json }, rawArgs }) {
    const flags = { model, provider, load }
    const given = Object.entries(flags).flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}`]))
    const settings = parseSettings([...given, ...repeated(rawArgs, 'set')], Object.keys(flags))
    const body = { name, ...settings }
    checkInput('createSlot', { body })
    if (settings.model != null) await requireModel(settings.model)
    const slot = await call('createSlot', { body })
    if (json) return printJson(slot)
    say(`${name} is created, on port ${slot.config.port}.`)
    talk.log(
      slot.config.load === 'on-demand'
        ? `The first request loads it. Try it with: hal0 chat ${name}`
        : `Load it with: hal0 slot load ${name}`,
    )
  },
})
