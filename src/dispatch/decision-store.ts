/** The table of the decision log in SQLite. Its methods throw what SQLite throws; `decisions.ts` deals with that. */
import { Database, type SQLQueryBindings, type Statement } from 'bun:sqlite'
import type { Decision } from '../contract/system.ts'
import type { DecisionQuery } from './dispatch-port.ts'

/** Order of the columns, which are named like the fields. */
const columns = [
  'id',
  'time',
  'request_id',
  'path',
  'model',
  'candidates',
  'slot',
  'reason',
  'state',
  'wait_ms',
  'first_byte_ms',
  'duration_ms',
  'status',
  'outcome',
  'code',
  'streamed',
  'prompt_tokens',
  'completion_tokens',
] as const satisfies (keyof Decision)[]

type Row = Omit<Decision, 'candidates' | 'streamed'> & { candidates: string; streamed: number }

/** Rows per INSERT: one statement for many rows takes half the time of many statements. */
const rowsPerInsert = 50
/** Rows above the limit that may pile up before they are removed together. */
const pruneSlack = 1000

const insertOf = (rows: number): string => {
  const row = `(${columns.map(() => '?').join(',')})`
  return `INSERT INTO decisions VALUES ${Array(rows).fill(row).join(',')}`
}

const bind = (decision: Decision, into: SQLQueryBindings[]): void => {
  for (const column of columns) {
    const value = decision[column]
    into.push(Array.isArray(value) ? JSON.stringify(value) : value)
  }
}

export class DecisionStore {
  readonly #database: Database
  readonly #insertMany: Statement
  readonly #insertOne: Statement
  readonly #keep: number
  #newest: number
  #oldest: number

  /** @param keep how many decisions are kept, the newest */
  constructor(file: string, keep: number) {
    this.#keep = keep
    this.#database = new Database(file, { create: true, strict: true })
    try {
      this.#database.run('PRAGMA journal_mode = WAL')
      // Durable at checkpoints: what a power cut may take is the log's last moments, never the file.
      this.#database.run('PRAGMA synchronous = NORMAL')
      this.#database.run(
        `CREATE TABLE IF NOT EXISTS decisions (id INTEGER PRIMARY KEY, ${columns.slice(1).join(', ')})`,
      )
      const range = this.#database
        .query<{ oldest: number | null; newest: number | null }, []>(
          'SELECT min(id) AS oldest, max(id) AS newest FROM decisions',
        )
        .get()
      this.#newest = range?.newest ?? 0
      this.#oldest = range?.oldest ?? 1
      this.#insertMany = this.#database.prepare(insertOf(rowsPerInsert))
      this.#insertOne = this.#database.prepare(insertOf(1))
    } catch (error) {
      this.#database.close()
      throw error
    }
  }

  /** Id of the newest decision; 0 when there is none. */
  get newest(): number {
    return this.#newest
  }

  /** Adds all or none, and removes what is too old. @param decisions with ids above `newest`, growing */
  add(decisions: readonly Decision[]): void {
    const last = decisions.at(-1)
    if (last === undefined) return
    const tooOld = last.id - this.#keep
    const prune = tooOld - this.#oldest >= Math.min(pruneSlack, this.#keep)
    this.#database.transaction(() => {
      let at = 0
      for (; at + rowsPerInsert <= decisions.length; at += rowsPerInsert) {
        const values: SQLQueryBindings[] = []
        for (const decision of decisions.slice(at, at + rowsPerInsert)) bind(decision, values)
        this.#insertMany.run(...values)
      }
      for (const decision of decisions.slice(at)) {
        const values: SQLQueryBindings[] = []
        bind(decision, values)
        this.#insertOne.run(...values)
      }
      if (prune) this.#database.run('DELETE FROM decisions WHERE id <= ?', [tooOld])
    })()
    this.#newest = last.id
    if (prune) this.#oldest = tooOld + 1
  }

  /** Newest first. */
  list({ limit, before, slot, model }: DecisionQuery): Decision[] {
    const conditions = ['id > ?', 'id < ?']
    const values: SQLQueryBindings[] = [this.#newest - this.#keep, before ?? Number.MAX_SAFE_INTEGER]
    if (slot !== undefined) {
      conditions.push('slot = ?')
      values.push(slot)
    }
    if (model !== undefined) {
      conditions.push('model = ?')
      values.push(model)
    }
    const rows = this.#database
      .query<Row, SQLQueryBindings[]>(
        `SELECT * FROM decisions WHERE ${conditions.join(' AND ')} ORDER BY id DESC LIMIT ?`,
      )
      .all(...values, limit ?? 100)
    return rows.map((row) => ({
      ...row,
      candidates: JSON.parse(row.candidates) as string[],
      streamed: row.streamed === 1,
    }))
  }

  close(): void {
    // SQLite folds the write-ahead log into the file only when no statement is left.
    this.#insertMany.finalize()
    this.#insertOne.finalize()
    this.#database.close()
  }
}
