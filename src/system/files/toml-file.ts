/** TOML files that people edit too: changes through the API and CLI keep comments, order and unknown keys (spec §7). */
import { isUtf8 } from 'node:buffer'
import { realpath, stat } from 'node:fs/promises'
import { parse, patch, stringify } from '@decimalturn/toml-patch'
import { Mutex } from '../../lib/async/mutex.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import type { Table } from '../../lib/validate.ts'
import { writeFileAtomic } from './atomic-file.ts'
import { readBytesIfThere } from './read-text.ts'

const newline = 0x0a

export type TomlTable = Table

/** @param path of the file, for the message @throws Hal0Error `config.invalid` with the line */
export const parseToml = (text: string, path: string): TomlTable => {
  try {
    return parse(text) as TomlTable
  } catch (error) {
    const line = (error as { line?: unknown } | null)?.line
    const where = typeof line === 'number' ? `, line ${line}` : ''
    // The lines before the last one quote the file.
    const why = (error instanceof Error ? error.message : String(error)).trim().split('\n').at(-1) ?? ''
    throw new Hal0Error(
      'config.invalid',
      `${path} is not valid TOML${where}: ${why}. Correct the file and try again.`,
      {
        details: { path },
        cause: error,
      },
    )
  }
}

const notUtf8 = (bytes: Buffer, path: string): Hal0Error => {
  let line = 1
  let start = 0
  for (let end = bytes.indexOf(newline); end >= 0 && isUtf8(bytes.subarray(start, end)); line++) {
    start = end + 1
    end = bytes.indexOf(newline, start)
  }
  return new Hal0Error(
    'config.invalid',
    `${path} is not UTF-8 (line ${line}), which TOML has to be: a change would destroy what is written there. Save it as UTF-8 and try again, e.g. iconv -f latin1 -t utf-8.`,
    { details: { path, line } },
  )
}

/** The text in `path`, with U+FFFD for invalid UTF-8, and in that case an error in `flaw`; null when there is no such file. */
export const readTomlText = async (path: string): Promise<{ text: string; flaw: Hal0Error | null } | null> => {
  const bytes = await readBytesIfThere(path, 'read a configuration file')
  return bytes === null ? null : { text: bytes.toString('utf8'), flaw: isUtf8(bytes) ? null : notUtf8(bytes, path) }
}

/**
 * The table in `path`, or null when there is no such file. Comments need not be UTF-8, but keys and values must be.
 * @throws Hal0Error `config.invalid`, `storage.failed`
 */
export const readToml = async (path: string): Promise<TomlTable | null> => {
  const read = await readTomlText(path)
  if (read === null) return null
  try {
    const table = parseToml(read.text, path)
    if (read.flaw !== null && JSON.stringify(table).includes('\ufffd')) throw read.flaw
    return table
  } catch (error) {
    throw read.flaw ?? error
  }
}

/** `table` with the keys of `changes`; `undefined` removes a key. */
export const withChanges = (table: TomlTable, changes: TomlTable): TomlTable => {
  const after: TomlTable = {}
  for (const [key, value] of Object.entries({ ...table, ...changes })) if (value !== undefined) after[key] = value
  return after
}

/** A lock for each file, by path: nobody else edits it between reading and writing. */
const edits = new Map<string, Mutex>()

/**
 * Sets keys of the table in `path`, like `withChanges`. Comments, order and other keys are kept. The file is created if it does not
 * exist, and not written if nothing changes.
 * @param changes or a function that makes them from the file's table; edits of one file wait for each other, so that none is lost
 * @param reshape another way to write what the text says, applied before the changes
 * @returns the resulting table
 * @throws Hal0Error `config.invalid`, `storage.full`, `storage.failed`, and whatever `changes` throws; the file is then unchanged
 */
export const editToml = (
  path: string,
  changes: TomlTable | ((table: TomlTable) => TomlTable | Promise<TomlTable>),
  doing: string,
  reshape: (text: string, table: TomlTable) => string = (text) => text,
): Promise<TomlTable> => {
  const turn = edits.get(path) ?? new Mutex()
  edits.set(path, turn)
  return turn.run(async () => {
    const read = await readTomlText(path)
    if (read?.flaw != null) throw read.flaw
    const text = read === null ? null : reshape(read.text, parseToml(read.text, path))
    const table = text === null ? {} : parseToml(text, path)
    const wanted = typeof changes === 'function' ? await changes(table) : changes
    if (Object.keys(wanted).length === 0) return table
    const after = withChanges(table, wanted)
    if (text === null) {
      await writeFileAtomic(path, stringify(after), doing)
      return after
    }
    // The file may be a link into a folder under version control, or have a restricted mode because it contains a key.
    const target = await realpath(path)
    const { mode } = await stat(target)
    await writeFileAtomic(target, patch(text, after), doing, mode & 0o777)
    return after
  })
}
