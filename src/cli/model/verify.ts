import type { ModelVerification } from '../../contract/models/model.ts'
import { call } from '../api/client.ts'
import { defineVerb } from '../command.ts'
import { exitCode } from '../terminal/exit-code.ts'
import { catchInterrupt, Interrupted } from '../terminal/interrupt.ts'
import { printJson, say, talk } from '../terminal/output.ts'
import { style } from '../terminal/style.ts'
import { followVerify } from './follow-verify.ts'

const show = ({ id, files }: ModelVerification): void => {
  for (const file of files) {
    const verdict = file.ok ? style(process.stdout, 'green', 'ok') : style(process.stdout, 'red', 'DIFFERS')
    say(`${id}  ${file.path}  ${verdict}${file.problem === null ? '' : `  ${file.problem}`}`)
  }
}

export default defineVerb({
  about: "Hash a model's files again and compare; without ID those of every model.",
  more: `The exit status is 1 when a file differs. With --json an array of verdicts, one per model.
Verifying changes nothing; Ctrl-C stops it.`,
  examples: ['hal0 model verify', 'hal0 model verify qwen2.5-0.5b-instruct-q4_k_m'],
  args: { id: { type: 'positional', required: false, description: 'Id of the model', completes: 'model' } },
  async run({ args: { id, json } }) {
    const ids = id === undefined ? (await call('listModels', {})).map((model) => model.id) : [id]
    if (ids.length === 0) talk.log('There is no model to verify.')
    const verdicts: ModelVerification[] = []
    using interrupt = catchInterrupt()
    for (const each of ids) {
      try {
        const verdict = await followVerify(each, interrupt.signal)
        if (json !== true) show(verdict)
        verdicts.push(verdict)
      } catch (error) {
        if (!(error instanceof Interrupted)) throw error
        talk.log(`The verification of ${each} was given up. Nothing was changed.`)
        return exitCode.interrupted
      }
    }
    if (json) printJson(verdicts)
    const broken = verdicts.filter(({ ok }) => !ok).map((verdict) => verdict.id)
    if (broken.length === 0) return exitCode.done
    talk.error(`not what was registered: ${broken.join(', ')}. Remove and fetch it again: hal0 model rm ${broken[0]}`)
    return exitCode.failed
  },
})
