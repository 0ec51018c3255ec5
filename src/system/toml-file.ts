/** TOML files that people edit too: changes by API and CLI keep their comments, order and unknown keys (spec §7). */
import { realpath, stat } from 'node:fs/promises'
import { parse, patch, stringify } from '@decimalturn/toml-patch'
import { Hal0Error } from '../lib/hal0-error.ts'
import { writeFileAtomic } from './atomic-file.ts'
import { readTextIfThere } from './read-text.ts'

export type TomlTable = Record<string, unknown>

export const isTable = (value: unknown): value is TomlTable =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** @param path of the file, for the sentence @throws Hal0Error `config.invalid` with the line */
export const parseToml = (text: string, path: string): TomlTable => {
  try {
    return parse(text) as TomlTable
  } catch (error) {
    const line = (error as { line?: unknown } | null)?.line
    const where = typeof line === 'number' ? `, line ${line}` : ''
    // Above its last line the message has the line of the file.
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

/** The table in `path`, or null when there is no such file. @throws Hal0Error `config.invalid`, `storage.failed` */
export const readToml = async (path: string): Promise<TomlTable | null> => {
  const text = await readTextIfThere(path, 'read a configuration file')
  return text === null ? null : parseToml(text, path)
}

/**
 * Sets keys of the table in `path`; `undefined` removes a key. Comments, order and keys not named stay. Makes the file when
 * there is none.
 * @throws Hal0Error `config.invalid`, `storage.full`, `storage.failed`
 */
export const editToml = async (path: string, changes: TomlTable, doing: string): Promise<void> => {
  const text = await readTextIfThere(path, 'read a configuration file')
  const table = text === null ? {} : parseToml(text, path)
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) delete table[key]
    else table[key] = value
  }
  if (text === null) {
    await writeFileAtomic(path, stringify(table), doing)
    return
  }
  // A file that people edit may be a link into a folder under version control, or closed to others because it holds a key.
  const target = await realpath(path)
  const { mode } = await stat(target)
  await writeFileAtomic(target, patch(text, table), doing, mode & 0o777)
}
