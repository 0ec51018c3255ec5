import { verdictWords } from '../../contract/models/verdict.ts'
import { bytes, count, totalSize } from '../../lib/figures.ts'
import { call } from '../api/client.ts'
import { defineVerb } from '../command.ts'
import { print, printJson, talk } from '../terminal/output.ts'
import { table } from '../terminal/table.ts'

const columns = [
  { title: 'ID' },
  { title: 'KIND' },
  { title: 'ARCH' },
  { title: 'PARAMS', align: 'right' },
  { title: 'QUANT' },
  { title: 'CONTEXT', align: 'right' },
  { title: 'SIZE', align: 'right' },
  { title: 'FIT' },
] as const

export default defineVerb({
  about: 'List the models in the registry.',
  examples: ['hal0 model list', "hal0 model list --json | jq -r '.[].id'"],
  args: {},
  async run({ args: { json } }) {
    const models = await call('listModels', {})
    if (json) return printJson(models)
    if (models.length === 0) return talk.log('There is no model yet. Add one with: hal0 model import FILE')
    const rows = models.map((model) => [
      model.id,
      model.kind,
      model.architecture ?? '-',
      model.parameters === null ? '-' : count(model.parameters),
      model.quantization ?? '-',
      model.context_length === null ? '-' : String(model.context_length),
      bytes(totalSize(model.files)),
      model.fit === null ? '-' : verdictWords[model.fit.verdict],
    ])
    print(table(columns, rows))
  },
})
