/**
 * The tables of hal0.db (spec §7). They only ever get new columns and tables, so that after a rollback an older hal0 can use a newer
 * one's database.
 */
import type { Database } from 'bun:sqlite'

/** How much of the database is kept in memory, KiB. */
const cacheKib = 1024
/** How long to wait for another program that reads or copies the database, milliseconds. */
const busyMs = 2000

/**
 * What nearly every row has is left out of its index: it is found at once by walking back from the newest, and each index entry costs as
 * much as a quarter of the row.
 */
const tables = `
CREATE TABLE IF NOT EXISTS decisions (
  id INTEGER PRIMARY KEY, time INTEGER NOT NULL, request_id TEXT NOT NULL, path TEXT NOT NULL,
  caller_kind TEXT, caller_name TEXT, caller_address TEXT, model TEXT, candidates TEXT NOT NULL, slot TEXT,
  reason TEXT NOT NULL, state TEXT, wait_ms REAL, load_ms REAL, queue_ms REAL, first_byte_ms REAL, duration_ms REAL NOT NULL,
  status INTEGER NOT NULL, outcome TEXT NOT NULL, code TEXT, streamed INTEGER NOT NULL,
  prompt_tokens INTEGER, cached_tokens INTEGER, completion_tokens INTEGER, tokens_per_second REAL
);
CREATE INDEX IF NOT EXISTS decisions_time ON decisions (time);
CREATE INDEX IF NOT EXISTS decisions_request ON decisions (request_id);
CREATE INDEX IF NOT EXISTS decisions_slot ON decisions (slot);
CREATE INDEX IF NOT EXISTS decisions_model ON decisions (model);
CREATE INDEX IF NOT EXISTS decisions_path ON decisions (path) WHERE path <> '/v1/chat/completions';
CREATE INDEX IF NOT EXISTS decisions_address ON decisions (caller_address) WHERE caller_address <> '127.0.0.1';
CREATE INDEX IF NOT EXISTS decisions_name ON decisions (caller_name) WHERE caller_name IS NOT NULL;
CREATE INDEX IF NOT EXISTS decisions_status ON decisions (status) WHERE status <> 200;
CREATE INDEX IF NOT EXISTS decisions_outcome ON decisions (outcome) WHERE outcome <> 'ok';
CREATE TABLE IF NOT EXISTS events (
  id INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, slot TEXT NOT NULL, what TEXT NOT NULL, state TEXT, model TEXT,
  request_id TEXT, caller TEXT, text TEXT NOT NULL, code TEXT, said TEXT
);
CREATE INDEX IF NOT EXISTS events_slot ON events (slot, time);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
`

/** Columns that tables got after they were first made. */
const added: [table: string, column: string, type: string][] = [
  ['decisions', 'message', 'TEXT'],
  ['decisions', 'priority', 'TEXT'],
  ['decisions', 'position', 'INTEGER'],
]

const addColumns = (db: Database): void => {
  for (const [table, column, type] of added) {
    const known = db.query<{ name: string }, [string]>('SELECT name FROM pragma_table_info(?)').all(table)
    if (!known.some(({ name }) => name === column)) db.run(`ALTER TABLE ${table} ADD COLUMN ${column} ${type}`)
  }
}

/** @throws SQLiteError for a file that is not such a database */
export const prepareTables = (db: Database): void => {
  db.run(`PRAGMA busy_timeout = ${busyMs}`)
  // A killed daemon loses nothing that was committed, and only a checkpoint waits for the disk.
  db.run('PRAGMA journal_mode = WAL')
  db.run('PRAGMA synchronous = NORMAL')
  db.run(`PRAGMA cache_size = -${cacheKib}`)
  db.run(tables)
  addColumns(db)
}
