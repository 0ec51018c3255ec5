/** hal0.db: what happened to requests and slots, within bounds. Everything in it is synchronous; it belongs to a thread of its own. */
import type { Database } from 'bun:sqlite'
import type { Decision } from '../../contract/logs/decision.ts'
import type { SlotHappening } from '../../contract/logs/why.ts'
import type { DecisionPage, DecisionQuery } from '../../dispatch/decisions/decision-log.ts'
import { DecisionTable } from './decision-table.ts'
import { EventTable } from './event-table.ts'
import { importOldFiles } from './old-files.ts'
import { fileIdentity, isDamage, moveAside, openDatabase } from './open-database.ts'

/** How much is kept; the oldest goes first. */
export interface Bounds {
  rows: number
  days: number
  bytes: number
}

/** Transitions and commands of all slots together. */
const eventsKept = 5000
/** Old rows need not go to the minute. */
const ageEveryMs = 60_000
/** How many rows at least go at once when the database has reached its size. */
const rowsPerStep = 1000
const dayMs = 86_400_000

/** In the table of facts while a daemon runs, and after one was killed. */
const inUse = 'in use'
const ended = 'ended in order'

export interface Opened {
  /** Id of the newest decision; 0 when there is none. */
  newest: number
  /**
   * Whether every id used so far is in the log. This is not so after a daemon was killed, or its disk failed: decisions that it
   * published but did not write are gone, and yet their ids must not be used again.
   */
  endedInOrder: boolean
}

export class LogDatabase {
  readonly #path: string
  readonly #oldFolder: string
  readonly #bounds: Bounds
  #db: Database | null = null
  #identity: string | null = null
  #decisions: DecisionTable | null = null
  #events: EventTable | null = null
  #agedAt = 0
  readonly #notices: string[] = []

  /** @param oldFolder where an earlier hal0 kept its decisions */
  constructor(path: string, oldFolder: string, bounds: Bounds) {
    this.#path = path
    this.#oldFolder = oldFolder
    this.#bounds = bounds
  }

  /** Sentences about what was damaged. */
  get notices(): readonly string[] {
    return this.#notices
  }

  /** Opens it. @returns null if it was open @throws what the system and SQLite throw */
  open(): Opened | null {
    return this.#mend(() => this.#open())
  }

  /** All of it, or nothing. @throws what SQLite throws */
  add(decisions: readonly Decision[], events: readonly SlotHappening[]): void {
    this.#use((db, table, eventTable) => {
      db.transaction(() => {
        for (const decision of decisions) table.add(decision)
        for (const event of events) eventTable.add(event)
        table.keepNewest(this.#bounds.rows)
        if (events.length > 0) eventTable.keepNewest(eventsKept)
        this.#removeOld(table, eventTable)
      })()
      this.#shrink(table, decisions.length)
    })
  }

  page(query: DecisionQuery): DecisionPage {
    return this.#use((_db, table) => table.page(query))
  }

  events(slot: string, until: number, limit: number): SlotHappening[] {
    return this.#use((_db, _table, events) => events.latest(slot, until, limit))
  }

  forgetSlot(slot: string): void {
    this.#use((_db, _table, events) => events.forget(slot))
  }

  /** @param inOrder every id that was used is in the log */
  close(inOrder: boolean): void {
    if (this.#db !== null && inOrder) this.#remember('state', ended)
    this.#close()
  }

  #use<T>(work: (db: Database, decisions: DecisionTable, events: EventTable) => T): T {
    return this.#mend(() => {
      this.#open()
      if (this.#db === null || this.#decisions === null || this.#events === null)
        throw new Error(`${this.#path} is closed`)
      return work(this.#db, this.#decisions, this.#events)
    })
  }

  /** If the database proves to be damaged, it is moved aside, and `work` runs again, on a new one. */
  #mend<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      if (!isDamage(error)) throw error
      this.#close()
      this.#notices.push(moveAside(this.#path))
      return work()
    }
  }

  #open(): Opened | null {
    if (this.#db !== null && fileIdentity(this.#path) === this.#identity) return null
    // Somebody removed the file: the log continues with a new one.
    this.#close()
    const { db, notice } = openDatabase(this.#path)
    if (notice !== null) this.#notices.push(notice)
    try {
      const decisions = new DecisionTable(db)
      this.#events = new EventTable(db)
      this.#decisions = decisions
      this.#db = db
      this.#identity = fileIdentity(this.#path)
      importOldFiles(this.#oldFolder, (old) => this.#import(old))
      const endedInOrder = this.#fact('state') === ended
      this.#remember('state', inUse)
      return { newest: decisions.newest, endedInOrder }
    } catch (error) {
      this.#close()
      throw error
    }
  }

  #import(old: Iterable<Decision>): void {
    const table = this.#decisions
    this.#db?.transaction(() => {
      for (const decision of old) {
        if (table === null || table.count >= this.#bounds.rows) break
        table.add(decision)
      }
    })()
  }

  #removeOld(decisions: DecisionTable, events: EventTable): void {
    const now = Date.now()
    if (now - this.#agedAt < ageEveryMs) return
    this.#agedAt = now
    const oldest = now - this.#bounds.days * dayMs
    decisions.removeBefore(oldest)
    events.removeBefore(oldest)
  }

  /** The file keeps its size; the space of removed rows is used again. */
  #shrink(decisions: DecisionTable, added: number): void {
    if (this.#usedBytes() <= this.#bounds.bytes) return
    decisions.keepNewest(Math.max(added, decisions.count - Math.max(rowsPerStep, 2 * added)))
  }

  #usedBytes(): number {
    const pragma = (name: string): number => {
      const row = this.#db?.query<Record<string, number>, []>(`PRAGMA ${name}`).get()
      return row?.[name] ?? 0
    }
    return (pragma('page_count') - pragma('freelist_count')) * pragma('page_size')
  }

  #fact(name: string): string | null {
    const sql = 'SELECT value FROM facts WHERE name = ?'
    return this.#db?.query<{ value: string }, [string]>(sql).get(name)?.value ?? null
  }

  #remember(name: string, value: string): void {
    this.#db?.query('INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)').run(name, value)
  }

  #forget(): void {
    this.#db = null
    this.#decisions = null
    this.#events = null
  }

  #close(): void {
    const db = this.#db
    this.#forget()
    db?.close()
  }
}
