import { verdictWords } from '../../contract/models/verdict.ts'
import { bytes, count, totalSize } from '../../lib/figures.ts'
import { fitText } from '../../lib/fit-text.ts'
import { call } from '../api/client.ts'
import { defineVerb } from '../command.ts'
import { print, printJson } from '../terminal/output.ts'
import { fields, table } from '../terminal/table.ts'

const columns = [
  { title: 'FILE', role: 'id' },
  { title: 'SIZE', role: 'figure', align: 'right' },
  { title: 'SHA256', role: 'figure', drop: 1 },
] as const

export default defineVerb({
  about: 'Show one model: what it is, and its files.',
  examples: ['hal0 model show qwen2.5-0.5b-instruct-q4_k_m'],
  args: { id: { type: 'positional', required: true, description: 'Id of the model', completes: 'model' } },
  async run({ args: { id, json } }) {
    const model = await call('showModel', { params: { id } })
    if (json) return printJson(model)
    print(
      fields([
        ['id', model.id],
        ['name', model.name],
        ['kind', model.kind],
        ['architecture', model.architecture ?? '-'],
        ['parameters', model.parameters === null ? '-' : count(model.parameters)],
        ['quantization', model.quantization ?? '-'],
        ['context', model.context_length === null ? '-' : `${model.context_length} tokens`],
        ['size', bytes(totalSize(model.files))],
        ['fit', model.fit === null ? '-' : `${verdictWords[model.fit.verdict]}: ${fitText(model.fit, null)}`],
        ['source', model.source === null ? 'imported' : `${model.source.repo} at ${model.source.revision}`],
        ['projector', model.source?.mmproj?.id ?? '-'],
        ['created', model.created_at],
      ]),
    )
    print(
      `\n${table(
        columns,
        model.files.map(({ path, size, sha256 }) => [path, bytes(size), sha256]),
      )}`,
    )
  },
})
