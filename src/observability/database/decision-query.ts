/** Turns a query of the decision log into SQL. Pure. */
import type { SQLQueryBindings } from 'bun:sqlite'
import type { DecisionQuery } from '../../dispatch/decisions/decision-log.ts'

interface Sql {
  sql: string
  values: SQLQueryBindings[]
}

/** `%` and `_` in `text` stand for themselves. */
const likePattern = (text: string): string => `%${text.replaceAll(/[\\%_]/g, (sign) => `\\${sign}`)}%`

const searched = ['request_id', 'model', 'reason', 'message', 'code']

type Condition = [sql: string, ...values: SQLQueryBindings[]]

/** `column = ?`, so that SQLite may use an index of the column that leaves out `common`. */
const equal = (column: string, value: string | number, common: string | number): string => {
  if (value === common) return `${column} = ?`
  return `${column} = ? AND ${column} <> ${typeof common === 'number' ? common : `'${common}'`}`
}

const conditions = (query: DecisionQuery): Condition[] => {
  const { slot, model, caller, endpoint, status, outcome, request, text, since, until, before, after } = query
  const all: (Condition | undefined | false)[] = [
    before !== undefined && ['id < ?', before],
    after !== undefined && ['id > ?', after],
    slot !== undefined && ['slot = ?', slot],
    model !== undefined && ['model = ?', model],
    caller !== undefined && [`(caller_name = ? OR (${equal('caller_address', caller, '127.0.0.1')}))`, caller, caller],
    endpoint !== undefined && [equal('path', endpoint, '/v1/chat/completions'), endpoint],
    status !== undefined && [equal('status', status, 200), status],
    outcome !== undefined && [equal('outcome', outcome, 'ok'), outcome],
    request !== undefined && ['request_id = ?', request],
    // Without the index of times: ids ascend with the end of a request, and `idRange` has bounded them already.
    since !== undefined && ['+time >= ?', since],
    until !== undefined && ['+time < ?', until],
    text !== undefined && [
      `(${searched.map((column) => `${column} LIKE ? ESCAPE '\\'`).join(' OR ')})`,
      ...searched.map(() => likePattern(text)),
    ],
  ]
  return all.filter((one) => one !== undefined && one !== false)
}

/** Selects one decision more than the page has, so that it is known whether there is a next one. */
export const pageSql = (query: DecisionQuery, limit: number): Sql => {
  const wanted = conditions(query)
  const where = wanted.length === 0 ? '' : ` WHERE ${wanted.map(([sql]) => sql).join(' AND ')}`
  return {
    sql: `SELECT * FROM decisions${where} ORDER BY id DESC LIMIT ?`,
    values: [...wanted.flatMap(([, ...values]) => values), limit + 1],
  }
}

/** The ids between which everything of a range of times is; answered from the index of times alone. */
export const idRangeSql = ({ since, until }: Pick<DecisionQuery, 'since' | 'until'>): Sql => {
  const wanted = [...(since === undefined ? [] : ['time >= ?']), ...(until === undefined ? [] : ['time < ?'])]
  return {
    sql: `SELECT min(id) AS first, max(id) AS last FROM decisions WHERE ${wanted.join(' AND ')}`,
    values: [since, until].filter((one) => one !== undefined),
  }
}
