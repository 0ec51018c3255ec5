/** Moves the decisions of an earlier hal0, which kept them as lines of JSON in the folder `decisions`, into the database. */
import { closeSync, fstatSync, openSync, readdirSync, rmdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Decision } from '../../contract/logs/decision.ts'
import { errnoOf } from '../../system/files/storage-error.ts'
import { linesBackwards } from './lines-backwards.ts'

/** What an earlier hal0 did not record. */
const notRecorded = {
  caller: null,
  load_ms: null,
  queue_ms: null,
  cached_tokens: null,
  tokens_per_second: null,
  message: null,
}

/** @returns null for a line that is not a decision: the end of a write that a power cut interrupted */
const parseDecision = (text: string): Decision | null => {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !('id' in value) || typeof value.id !== 'number') return null
    return { ...notRecorded, ...(value as Decision) }
  } catch {
    return null
  }
}

const isRegular = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true

const filesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder).filter((name) => /^\d{16}\.jsonl$/.test(name))
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return []
    throw error
  }
}

/** The decisions of a file, newest first. */
function* decisionsOf(path: string): Generator<Decision> {
  const fd = openSync(path, 'r')
  try {
    for (const text of linesBackwards(fd, fstatSync(fd).size)) {
      const decision = parseDecision(text)
      if (decision !== null) yield decision
    }
  } finally {
    closeSync(fd)
  }
}

/**
 * Each file is removed once its decisions are in the database, so that a kill in between loses nothing.
 * @param add puts the decisions of one file into the database, newest first
 * @throws what the system throws, and `add`
 */
export const importOldFiles = (folder: string, add: (decisions: Iterable<Decision>) => void): void => {
  const names = filesIn(folder)
  if (names.length === 0) return
  for (const name of names.toSorted().reverse()) {
    const path = join(folder, name)
    if (!isRegular(path)) continue
    add(decisionsOf(path))
    rmSync(path)
  }
  // What somebody else put there stays.
  if (readdirSync(folder).length === 0) rmdirSync(folder)
}
