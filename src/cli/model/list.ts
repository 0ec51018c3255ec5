import type { Model } from '../../contract/models/model.ts'
import { isUnderWay } from '../../contract/models/pull-phase.ts'
import { verdictWords } from '../../contract/models/verdict.ts'
import { bytes, count, totalSize } from '../../lib/figures.ts'
import { call } from '../api/client.ts'
import { defineVerb } from '../command.ts'
import { print, printJson, talk } from '../terminal/output.ts'
import { table } from '../terminal/table.ts'
import { pullTable } from './bring/pull-table.ts'

const columns = [
  { title: 'ID', role: 'id' },
  { title: 'KIND', role: 'figure', drop: 4 },
  { title: 'ARCH', role: 'figure', drop: 5 },
  { title: 'PARAMS', role: 'figure', align: 'right', drop: 3 },
  { title: 'QUANT', role: 'figure', drop: 6 },
  { title: 'CONTEXT', role: 'figure', align: 'right', drop: 2 },
  { title: 'SIZE', role: 'figure', align: 'right', drop: 1 },
  { title: 'FIT', role: 'figure' },
] as const

const cells = (model: Model): string[] => [
  model.id,
  model.kind,
  model.architecture ?? '-',
  model.parameters === null ? '-' : count(model.parameters),
  model.quantization ?? '-',
  model.context_length === null ? '-' : String(model.context_length),
  bytes(totalSize(model.files)),
  model.fit === null ? '-' : verdictWords[model.fit.verdict],
]

export default defineVerb({
  about: 'List the models in the registry, and those that are being pulled.',
  more: 'With --json only the models of the registry; the pulls are in: hal0 pulls --json',
  examples: ['hal0 model list', "hal0 model list --json | jq -r '.[].id'"],
  args: {},
  async run({ args: { json } }) {
    const models = await call('listModels', {})
    if (json) return printJson(models)
    const pulls = (await call('listPulls', {})).filter(isUnderWay)
    if (models.length > 0) print(table(columns, models.map(cells)))
    else if (pulls.length === 0) return talk.log('There is no model yet. Add one with: hal0 model pull OWNER/REPO')
    if (pulls.length > 0) print(`${models.length > 0 ? '\n' : ''}${pullTable(pulls)}`)
  },
})
