import { call } from '../api/client.ts'
import { defineVerb } from '../command.ts'
import { confirm, yesFlag } from '../terminal/ask.ts'
import { exitCode } from '../terminal/exit-code.ts'
import { print, printJson, talk } from '../terminal/output.ts'

export default defineVerb({
  about: 'Remove a model with its files; of a linked one only the link.',
  more: 'Asks first on a terminal. A model that a slot refers to stays.',
  examples: ['hal0 model rm qwen2.5-0.5b-instruct-q4_k_m'],
  args: { id: { type: 'positional', required: true, description: 'Id of the model' }, ...yesFlag },
  async run({ args: { id, yes, json } }) {
    if (yes !== true && !(await confirm(`Remove the model ${id} with its files?`))) {
      talk.log('Nothing was removed.')
      return exitCode.failed
    }
    await call('deleteModel', { params: { id }, noTimeout: true })
    if (json) printJson({ id, deleted: true })
    else print(`${id} is removed.`)
    return exitCode.done
  },
})
