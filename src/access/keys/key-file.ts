/** <data>/keys.json: the keys as they are kept. Only hal0's user may read it, although it holds no key, only their hashes. */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Static, Type } from 'typebox'
import { KeyName } from '../../contract/access/keys.ts'
import { GrantedScope, Priority } from '../../contract/caller.ts'
import { nullable } from '../../contract/schema/nullable.ts'
import { Sha256 } from '../../contract/schema/pattern.ts'
import { problemsOf } from '../../lib/validate.ts'
import { writeFileAtomic } from '../../system/files/atomic-file.ts'
import { setAside } from '../../system/files/own-file.ts'
import { readTextIfThere } from '../../system/files/read-text.ts'
import { errnoOf } from '../../system/files/storage-error.ts'

/** Unknown keys are allowed: after a rollback, the file may be of a newer hal0. */
const KeyRecord = Type.Object({
  name: KeyName,
  hash: Sha256,
  prefix: Type.String(),
  scope: GrantedScope,
  slots: nullable(Type.Array(Type.String())),
  priority: nullable(Priority),
  requests_per_minute: nullable(Type.Integer()),
  tokens_per_day: nullable(Type.Integer()),
  created_at: Type.String(),
  expires_at: nullable(Type.String()),
})
export type KeyRecord = Static<typeof KeyRecord>

const KeyFile = Type.Object({ keys: Type.Array(KeyRecord) })

export const keyFile = (data: string): string => join(data, 'keys.json')

/** null: it is damaged. */
const keysIn = (text: string): KeyRecord[] | null => {
  try {
    const value = JSON.parse(text) as unknown
    return problemsOf(KeyFile, value).length === 0 ? (value as Static<typeof KeyFile>).keys : null
  } catch {
    return null
  }
}

/** Differs whenever the file was replaced; '' while there is none. Synchronous: it is asked for while requests come in. */
export const stampOfKeys = (data: string): string => {
  try {
    const stats = statSync(keyFile(data), { throwIfNoEntry: false })
    return stats === undefined ? '' : `${stats.ino} ${stats.mtimeMs} ${stats.size}`
  } catch (error) {
    // A link to itself, or a folder that may not be entered: it is read, and that says what is known.
    return `(${errnoOf(error) ?? 'unreadable'})`
  }
}

/** The keys as they are now, of a file that was replaced while the daemon runs; null: it cannot be used. */
export const keysNow = (data: string): KeyRecord[] | null => {
  try {
    // A pipe in its place would hold up the daemon until somebody writes to it.
    if (!statSync(keyFile(data)).isFile()) return null
    return keysIn(readFileSync(keyFile(data), 'utf8'))
  } catch (error) {
    return errnoOf(error) === 'ENOENT' ? [] : null
  }
}

/**
 * The keys of a data folder. A damaged file is moved aside: without it no key is known, so that nobody gets in by its damage.
 * @returns `problem` says so in a sentence
 * @throws Hal0Error `storage.failed` if it cannot be read
 */
export const readKeys = async (data: string): Promise<{ keys: KeyRecord[]; problem: string | null }> => {
  const path = keyFile(data)
  const text = await readTextIfThere(path, 'read the keys')
  if (text === null) return { keys: [], problem: null }
  const keys = keysIn(text)
  if (keys !== null) return { keys, problem: null }
  const aside = await setAside(path)
  const problem = `The file with the keys was damaged, and no key is valid any more. It was moved to ${aside}. Make new keys: hal0 key create NAME`
  return { keys: [], problem }
}

/** @throws Hal0Error `storage.full`, `storage.failed` */
export const writeKeys = (data: string, keys: readonly KeyRecord[]): Promise<void> =>
  writeFileAtomic(keyFile(data), `${JSON.stringify({ keys }, null, 2)}\n`, 'save the keys', 0o600)
