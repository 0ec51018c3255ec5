import { settingKey } from '../../contract/settings.ts'
import { defineVerb } from '../command.ts'
import { print, printJson, talk } from '../terminal/output.ts'
import { shellText } from '../values/shell-words.ts'
import { assignmentsHelp, changedPaths, keys, parseAssignments } from './assignments.ts'
import { editSettings } from './reach.ts'
import { originOf, settingValue, shownValue, tellNext } from './settings-text.ts'

export default defineVerb({
  about: 'Change settings of the daemon: writes hal0.toml, whose comments stay.',
  more: `${assignmentsHelp}\nWorks without a daemon too, unless HAL0_URL is set.`,
  examples: ['hal0 config set port=9000', 'hal0 config set hub.mirrors=https://mirror.example slots.ports=8081-8120'],
  args: {
    words: {
      type: 'positional',
      required: true,
      valueHint: 'KEY=VALUE',
      description: 'A setting and its new value; may be repeated',
      completes: keys.map((key) => `${key}=`),
    },
  },
  async run({ args: { _: words, json } }) {
    const settings = await editSettings(parseAssignments(words), `hal0 config set ${shellText(words)}`)
    if (json) return printJson(settings)
    for (const path of changedPaths(words)) {
      print(`${settingKey(path)} = ${shownValue(settingValue(settings, path))}`)
      const origin = originOf(settings, path)
      if (origin === 'command line' || origin === 'HF_ENDPOINT') {
        talk.warn(`hal0.toml is changed, but ${origin === 'command line' ? "the daemon's command line" : origin} wins.`)
      }
    }
    tellNext(settings)
  },
})
