/** What happened to the slots, in hal0.db: a row for each transition and command. Its methods throw what SQLite throws. */
import type { Database, Statement } from 'bun:sqlite'
import type { SlotHappening } from '../../contract/logs/why.ts'

interface Row extends Omit<SlotHappening, 'time'> {
  time: number
}

const columns = 'time, slot, what, state, model, request_id, caller, text, code, said'

const happeningOf = ({ time, ...rest }: Row): SlotHappening => ({ ...rest, time: new Date(time).toISOString() })

export class EventTable {
  readonly #db: Database
  readonly #insert: Statement

  constructor(db: Database) {
    this.#db = db
    this.#insert = db.query(`INSERT INTO events (${columns}) VALUES (${columns.replaceAll(/\w+/g, '?')})`)
  }

  add({ time, slot, what, state, model, request_id, caller, text, code, said }: SlotHappening): void {
    this.#insert.run(Date.parse(time), slot, what, state, model, request_id, caller, text, code, said)
  }

  /**
   * The newest ones of a slot, oldest first.
   * @param until milliseconds since the Unix epoch; only what happened then or before
   */
  latest(slot: string, until: number, limit: number): SlotHappening[] {
    const sql = `SELECT ${columns} FROM events WHERE slot = ? AND time <= ? ORDER BY time DESC, id DESC LIMIT ?`
    return this.#db.query<Row, [string, number, number]>(sql).all(slot, until, limit).reverse().map(happeningOf)
  }

  keepNewest(keep: number): void {
    this.#db.query('DELETE FROM events WHERE id <= (SELECT max(id) FROM events) - ?').run(keep)
  }

  /** @param time milliseconds since the Unix epoch */
  removeBefore(time: number): void {
    this.#db.query('DELETE FROM events WHERE time < ?').run(time)
  }

  /** Forgets a deleted slot: another one may get its name. */
  forget(slot: string): void {
    this.#db.query('DELETE FROM events WHERE slot = ?').run(slot)
  }
}
