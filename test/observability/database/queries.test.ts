import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Decision } from '../../../src/contract/logs/decision.ts'
import { isWanted } from '../../../src/dispatch/decisions/decision-filter.ts'
import type { DecisionQuery } from '../../../src/dispatch/decisions/decision-log.ts'
import { pageSql } from '../../../src/observability/database/decision-query.ts'
import { DecisionTable } from '../../../src/observability/database/decision-table.ts'
import { prepareTables } from '../../../src/observability/database/schema.ts'
import { decision } from '../support/decision.ts'

/** A table in memory. @param scannedRows how far one page of a search for a text goes */
const tableOf = (rows: readonly Decision[], scannedRows?: number): DecisionTable => {
  const db = new Database(':memory:')
  prepareTables(db)
  const table = new DecisionTable(db, scannedRows)
  for (const row of rows) table.add(row)
  return table
}

const ids = (rows: readonly Decision[]): number[] => rows.map(({ id }) => id)

/** Every page of a query, as a client follows the `next` of each. */
const pages = (table: DecisionTable, query: DecisionQuery): Decision[][] => {
  const all: Decision[][] = []
  for (let { before }: DecisionQuery = query; ; ) {
    const page = table.page(before === undefined ? query : { ...query, before })
    all.push(page.decisions)
    if (page.next === null) return all
    before = page.next
  }
}

const start = Date.parse('2026-01-02T03:04:05.000Z')
const at = (second: number): string => new Date(start + second * 1000).toISOString()
const few = <T>(...values: T[]) => fc.constantFrom(...values)
const texts = ['Alpha', 'alpha_beta', '100%', "x' OR 1=1 --", 'ü\n"']

const anyDecision = fc.record({
  // Ids follow the ends of requests, times their arrivals.
  time: fc.nat(50).map(at),
  slot: few(null, 'a', 'b'),
  model: few(null, ...texts),
  caller: few(
    null,
    { kind: 'local', name: null, address: '::1' } as const,
    { kind: 'local', name: 'laptop', address: '10.0.0.7' } as const,
  ),
  path: few('/v1/chat/completions', '/v1/embeddings'),
  status: few(200, 404, 503),
  outcome: few('ok', 'error', 'aborted'),
  request_id: few('r1', 'r2'),
  reason: few(...texts),
  code: few(null, 'slot.warming'),
}) satisfies fc.Arbitrary<Partial<Decision>>

const anyQuery = fc.record(
  {
    slot: few('a', 'b', 'c'),
    model: few(...texts),
    caller: few('::1', 'laptop', '10.0.0.7', 'nobody'),
    endpoint: few('/v1/embeddings', '/none'),
    status: few(200, 404, 503),
    outcome: few<Decision['outcome']>('ok', 'error'),
    request: few('r1', 'r3'),
    text: few('ALPHA', '%', '_', 'slot.', "' OR 1", 'r2'),
    since: fc.nat(50).map((second) => start + second * 1000),
    until: fc.nat(50).map((second) => start + second * 1000),
    before: fc.integer({ min: 1, max: 40 }),
    after: fc.nat(30),
    limit: fc.integer({ min: 1, max: 10 }),
  },
  { requiredKeys: ['limit'] },
)

describe('a query of the decision log', () => {
  test('finds by the database what the rule says, page by page, whatever is asked', () => {
    fc.assert(
      fc.property(
        fc.array(anyDecision, { maxLength: 30 }),
        anyQuery,
        fc.integer({ min: 1, max: 40 }),
        (parts, query, scannedRows) => {
          const rows = parts.map((part, index) => decision({ ...part, id: index + 1 }))
          const found = pages(tableOf(rows, scannedRows), query)
          const expected = rows.filter((row) => isWanted(row, query)).reverse()
          expect(found.flat()).toEqual(expected)
          expect(found.every((page) => page.length <= query.limit)).toBe(true)
        },
      ),
      { numRuns: 400 },
    )
  })

  test('for a text searches a bounded part of the log for one page', () => {
    const rows = Array.from({ length: 1000 }, (_, index) =>
      decision({ id: index + 1, reason: index % 500 === 0 ? 'rare' : 'often' }),
    )
    const found = pages(tableOf(rows, 100), { text: 'RARE' })
    expect(found.map(ids)).toEqual([[], [], [], [], [501], [], [], [], [], [1]])
  })

  const scans: [string, DecisionQuery][] = [
    ['slot', { slot: 'a' }],
    ['model', { model: 'x' }],
    ['caller', { caller: '::1' }],
    ['endpoint', { endpoint: '/v1/embeddings' }],
    ['status', { status: 503 }],
    ['outcome', { outcome: 'broken' }],
    ['request', { request: 'r' }],
  ]
  for (const [name, query] of scans) {
    test(`by ${name} uses an index`, () => {
      const db = new Database(':memory:')
      prepareTables(db)
      const { sql, values } = pageSql(query, 100)
      const plan = db.query<{ detail: string }, typeof values>(`EXPLAIN QUERY PLAN ${sql}`).all(...values)
      expect(plan.map(({ detail }) => detail).join('; ')).toMatch(/SEARCH decisions USING INDEX/)
    })
  }
})
