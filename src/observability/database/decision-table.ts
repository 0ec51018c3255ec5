/** The decisions in hal0.db: a row for each. Its methods throw what SQLite throws. */
import type { Database, SQLQueryBindings, Statement } from 'bun:sqlite'
import type { Decision } from '../../contract/logs/decision.ts'
import { type DecisionPage, type DecisionQuery, defaultLimit } from '../../dispatch/decisions/decision-log.ts'
import { idRangeSql, pageSql } from './decision-query.ts'

/** How many rows are searched for a text for one page: no index helps there. */
const defaultScannedRows = 50_000

interface Row extends Omit<Decision, 'time' | 'caller' | 'candidates' | 'streamed'> {
  time: number
  caller_kind: NonNullable<Decision['caller']>['kind'] | null
  caller_name: string | null
  caller_address: string | null
  candidates: string
  streamed: number
}

/** In the order of the table. */
const valuesOf = (decision: Decision): SQLQueryBindings[] => {
  const { caller } = decision
  return [
    decision.id,
    Date.parse(decision.time),
    decision.request_id,
    decision.path,
    caller?.kind ?? null,
    caller?.name ?? null,
    caller?.address ?? null,
    decision.model,
    JSON.stringify(decision.candidates),
    decision.slot,
    decision.reason,
    decision.state,
    decision.wait_ms,
    decision.load_ms,
    decision.queue_ms,
    decision.priority,
    decision.position,
    decision.first_byte_ms,
    decision.duration_ms,
    decision.status,
    decision.outcome,
    decision.code,
    decision.message,
    decision.streamed,
    decision.prompt_tokens,
    decision.cached_tokens,
    decision.completion_tokens,
    decision.tokens_per_second,
  ]
}

const columns = `id, time, request_id, path, caller_kind, caller_name, caller_address, model, candidates, slot, reason, state, wait_ms,
  load_ms, queue_ms, priority, position, first_byte_ms, duration_ms, status, outcome, code, message, streamed, prompt_tokens, cached_tokens, completion_tokens,
  tokens_per_second`

const decisionOf = (row: Row): Decision => {
  const { caller_kind, caller_name, caller_address, time, candidates, streamed, ...rest } = row
  return {
    ...rest,
    time: new Date(time).toISOString(),
    caller: caller_kind === null ? null : { kind: caller_kind, name: caller_name, address: caller_address ?? '' },
    candidates: JSON.parse(candidates) as string[],
    streamed: streamed !== 0,
  }
}

export class DecisionTable {
  readonly #db: Database
  readonly #insert: Statement
  readonly #scannedRows: number
  #count: number

  constructor(db: Database, scannedRows = defaultScannedRows) {
    this.#db = db
    this.#scannedRows = scannedRows
    const places = columns.replaceAll(/\w+/g, '?')
    // A batch whose acknowledgement was lost comes twice.
    this.#insert = db.query(`INSERT OR IGNORE INTO decisions (${columns}) VALUES (${places})`)
    this.#count = this.#number('SELECT count(*) AS value FROM decisions') ?? 0
  }

  get count(): number {
    return this.#count
  }

  /** Id of the newest decision; 0 when there is none. */
  get newest(): number {
    return this.#number('SELECT max(id) AS value FROM decisions') ?? 0
  }

  /** Must be called in a transaction. @returns whether it was not there yet */
  add(decision: Decision): boolean {
    const { changes } = this.#insert.run(...valuesOf(decision))
    this.#count += changes
    return changes > 0
  }

  page(query: DecisionQuery): DecisionPage {
    const { limit = defaultLimit } = query
    const beyond = query.text === undefined ? null : this.#beyondScan(query.before)
    const { sql, values } = pageSql(this.#withinIds(query, beyond), limit)
    const rows = this.#db.query<Row, SQLQueryBindings[]>(sql).all(...values)
    const decisions = rows.slice(0, limit).map(decisionOf)
    if (rows.length > limit) return { decisions, next: decisions.at(-1)?.id ?? null }
    return { decisions, next: beyond === null ? null : beyond + 1 }
  }

  /** Removes the oldest, so that `keep` remain. */
  keepNewest(keep: number): void {
    const excess = this.#count - keep
    if (excess <= 0) return
    const last = this.#number('SELECT id AS value FROM decisions ORDER BY id LIMIT 1 OFFSET ?', excess - 1)
    if (last !== null) this.#remove('id <= ?', last)
  }

  /** @param time milliseconds since the Unix epoch */
  removeBefore(time: number): void {
    this.#remove('time < ?', time)
  }

  #remove(where: string, value: number): void {
    this.#count -= this.#db.query(`DELETE FROM decisions WHERE ${where}`).run(value).changes
  }

  /** Id of the newest decision that a search for a text leaves to the next page; null: it reaches the oldest one. */
  #beyondScan(before = Number.MAX_SAFE_INTEGER): number | null {
    const sql = 'SELECT id AS value FROM decisions WHERE id < ? ORDER BY id DESC LIMIT 1 OFFSET ?'
    return this.#number(sql, before, this.#scannedRows)
  }

  #withinIds(query: DecisionQuery, beyond: number | null): DecisionQuery {
    let { after = 0, before = Number.MAX_SAFE_INTEGER } = query
    if (beyond !== null) after = Math.max(after, beyond)
    if (query.since !== undefined || query.until !== undefined) {
      const { sql, values } = idRangeSql(query)
      const range = this.#db
        .query<{ first: number | null; last: number | null }, SQLQueryBindings[]>(sql)
        .get(...values)
      after = Math.max(after, (range?.first ?? Number.MAX_SAFE_INTEGER) - 1)
      before = Math.min(before, (range?.last ?? 0) + 1)
    }
    return { ...query, after, before }
  }

  #number(sql: string, ...values: number[]): number | null {
    return this.#db.query<{ value: number | null }, number[]>(sql).get(...values)?.value ?? null
  }
}
