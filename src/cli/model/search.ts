import type { CatalogOffer } from '../../contract/models/catalog.ts'
import type { HubHit } from '../../contract/models/pull.ts'
import { verdictWords } from '../../contract/models/verdict.ts'
import { bytes, count } from '../../lib/figures.ts'
import { call } from '../api/client.ts'
import { wholeNumber } from '../arguments.ts'
import { defineVerb } from '../command.ts'
import { Failure, usageError } from '../terminal/failure.ts'
import { print, printJson, talk } from '../terminal/output.ts'
import { table } from '../terminal/table.ts'

const hubColumns = [
  { title: 'REPOSITORY', role: 'id' },
  { title: 'DOWNLOADS', role: 'figure', align: 'right', drop: 1 },
  { title: 'ARCHITECTURE', role: 'figure', drop: 2 },
  { title: 'ACCESS', role: 'prose' },
] as const

const catalogColumns = [
  { title: 'ID', role: 'id' },
  { title: 'KIND', role: 'figure', drop: 2 },
  { title: 'SIZE', role: 'figure', align: 'right' },
  { title: 'LICENCE', role: 'figure', drop: 3 },
  { title: 'RAM', role: 'figure', align: 'right', drop: 1 },
  { title: 'FIT', role: 'figure' },
  { title: 'DESCRIPTION', role: 'prose', drop: 4 },
] as const

const printHits = (hits: HubHit[]): void => {
  const rows = hits.map(({ repo, downloads, architecture, gated }) => [
    repo,
    downloads === null ? '' : count(downloads),
    architecture ?? '',
    gated ? 'has to be requested' : '',
  ])
  print(table(hubColumns, rows))
}

const printCatalog = (offers: CatalogOffer[]): void => {
  const rows = offers.map(({ id, kind, size, licence, ram_bytes, fit, description }) => [
    id,
    kind,
    bytes(size),
    licence,
    bytes(ram_bytes),
    fit === null ? '-' : verdictWords[fit.verdict],
    description,
  ])
  print(table(catalogColumns, rows))
}

export default defineVerb({
  about: 'Search the hub for GGUF models, or the catalog of well-known ones.',
  more: `The catalog is part of hal0: it also answers while the hub cannot be reached.
Its ids are for hal0 model pull, and for slots: hal0 slot create NAME --model ID`,
  examples: [
    'hal0 model search qwen2.5 0.5b',
    'hal0 model search embedding --limit 5 --json',
    'hal0 model search --catalog',
  ],
  args: {
    words: { type: 'positional', required: false, description: 'Words to search for; --catalog needs none' },
    catalog: { type: 'boolean', description: 'Search the catalog instead of the hub' },
    limit: {
      type: 'string',
      valueHint: 'N',
      description: 'How many to list; 20 by default, for the catalog all of them',
    },
  },
  async run({ args: { catalog, limit, json, _: words } }) {
    const q = words.join(' ')
    const most = limit === undefined ? undefined : wholeNumber('limit', limit, 1, 100)
    const fromCatalog = async () => (await call('listCatalog', { query: { q } })).slice(0, most)
    const show = <T>(found: T[], asTable: (found: T[]) => void): void => {
      if (json) printJson(found)
      else if (found.length === 0) talk.log('Nothing was found.')
      else asTable(found)
    }
    if (catalog === true) return show(await fromCatalog(), printCatalog)
    if (q === '') throw usageError('Say what to search for.', 'hal0 model search --catalog')
    try {
      const query = { q, ...(most === undefined ? {} : { limit: most }) }
      show(await call('searchHub', { query, noTimeout: true }), printHits)
    } catch (error) {
      if (!(error instanceof Failure) || error.body?.code !== 'pull.network') throw error
      const offers = await fromCatalog()
      if (offers.length === 0) throw error
      talk.warn('The hub cannot be reached, so this comes from the catalog that is part of hal0.')
      show(offers, printCatalog)
    }
  },
})
