import { isAtOnce, type Slot } from '../../contract/slot-config.ts'
import { call } from '../api/client.ts'
import { repeated } from '../arguments.ts'
import { defineVerb } from '../command.ts'
import { requireModel } from '../model/require-model.ts'
import { exitCode } from '../terminal/exit-code.ts'
import { Failure, usageError } from '../terminal/failure.ts'
import { printJson, say, talk } from '../terminal/output.ts'
import { isRuleKey, ruleAt } from './shared/rule-settings.ts'
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

const textOf = (key: string, { config }: Slot): string =>
  isRuleKey(key) ? ruleAt(config, key) : (argumentsText(key, config[key]) ?? JSON.stringify(config[key]))

/** What of an edit the running backend does not have yet. */
const effectText = (name: string, changed: readonly string[]): string => {
  const later = changed.filter((key) => !isAtOnce(key.split('.')[0] ?? key))
  if (later.length === 0) return 'That counts at once.'
  const kept = later.length < changed.length ? `its ${later.join(', ')}` : 'what it was started with'
  return `The running backend keeps ${kept} until: hal0 slot restart ${name}`
}

export default defineVerb({
  about: 'Change the configuration of a slot.',
  more: settingsHelp,
  examples: [
    'hal0 slot edit primary --set context_size=8192',
    'hal0 slot edit primary --set load=on-demand --unset gpu_layers',
    'hal0 slot edit primary --set params.default.temperature=0.2',
  ],
  args,
  async run({ args: { name, json }, rawArgs }) {
    const [set, unset] = [repeated(rawArgs, 'set'), repeated(rawArgs, 'unset')]
    const body = parseUnset(unset, parseSettings(set))
    const changed = [...new Set([...set.map((one) => one.slice(0, one.indexOf('='))), ...unset])]
    if (changed.length === 0) throw usageError('There is nothing to change: give --set KEY=VALUE or --unset KEY.')
    if (body.model != null) await requireModel(body.model)
    const slot = await call('editSlot', { params: { name }, body })
    if (slot.problem !== undefined) {
      throw new Failure(exitCode.failed, slot.problem, {
        details: [`The file has the change (${changed.join(', ')}), but it is still not valid as a whole.`],
        hint: `hal0 slot show ${name}`,
      })
    }
    if (json) return printJson(slot)
    say(`${name}: ${changed.map((key) => `${key} = ${textOf(key, slot)}`).join(', ')}`)
    if (slot.state.state !== 'offline' && slot.state.state !== 'error') talk.log(effectText(name, changed))
  },
})
