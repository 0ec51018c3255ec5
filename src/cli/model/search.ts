import { wholeNumber } from '../arguments.ts'
import { call } from '../client.ts'
import { defineVerb } from '../command.ts'
import { print, printJson, talk } from '../output.ts'
import { row } from '../table.ts'
import { count } from '../units.ts'

const columns = [
  { title: 'REPOSITORY', min: 40 },
  { title: 'DOWNLOADS', min: 9 },
  { title: 'ARCHITECTURE', min: 12 },
  { title: 'ACCESS' },
]

export default defineVerb({
  about: 'Search the hub for GGUF models.',
  examples: ['hal0 model search qwen2.5 0.5b', 'hal0 model search embedding --limit 5 --json'],
  args: {
    query: { type: 'positional', required: true, description: 'Words to search for' },
    limit: { type: 'string', valueHint: 'N', description: 'How many; 20 by default' },
  },
  async run({ args: { query, limit, json, _: words } }) {
    const q = words.length > 0 ? words.join(' ') : query
    const hits = await call('searchHub', {
      query: { q, ...(limit === undefined ? {} : { limit: wholeNumber('limit', limit, 1, 100) }) },
      patient: true,
    })
    if (json) return printJson(hits)
    if (hits.length === 0) talk.log('Nothing was found.')
    for (const { repo, downloads, architecture, gated } of hits) {
      print(
        row(columns, [
          repo,
          downloads === null ? '' : count(downloads),
          architecture ?? '',
          gated ? 'has to be asked for' : '',
        ]),
      )
    }
  },
})
