import type { ModelVerification } from '../../contract/model.ts'
import { call } from '../client.ts'
import { defineVerb } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import { print, printJson, talk } from '../output.ts'
import { style } from '../style.ts'

const show = ({ id, files }: ModelVerification): void => {
  for (const file of files) {
    const verdict = file.ok ? style(process.stdout, 'green', 'ok') : style(process.stdout, 'red', 'DIFFERS')
    print(`${id}  ${file.path}  ${verdict}${file.problem === null ? '' : `  ${file.problem}`}`)
  }
}

export default defineVerb({
  about: "Hash a model's files again and compare; without ID those of every model.",
  more: 'The exit status is 1 when a file differs. With --json an array of verdicts, one per model.',
  examples: ['hal0 model verify', 'hal0 model verify qwen2.5-0.5b-instruct-q4_k_m'],
  args: { id: { type: 'positional', required: false, description: 'Id of the model' } },
  async run({ args: { id, json } }) {
    const ids = id === undefined ? (await call('listModels', {})).map((model) => model.id) : [id]
    if (ids.length === 0) talk.log('There is no model to verify.')
    const verdicts: ModelVerification[] = []
    for (const each of ids) {
      const verdict = await call('verifyModel', { params: { id: each }, patient: true })
      if (json !== true) show(verdict)
      verdicts.push(verdict)
    }
    if (json) printJson(verdicts)
    const broken = verdicts.filter(({ ok }) => !ok).map((verdict) => verdict.id)
    if (broken.length === 0) return exitCode.done
    talk.error(`not what was registered: ${broken.join(', ')}. Remove and fetch it again: hal0 model rm ${broken[0]}`)
    return exitCode.failed
  },
})
