/** Finds the files of the decision log, and reads what is at their end. */
import { closeSync, fstatSync, openSync, readdirSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Decision } from '../../contract/system.ts'
import { errnoOf } from '../../system/files/storage-error.ts'
import { linesBackwards } from './lines-backwards.ts'

/** The ids in it have no gaps. */
export interface LogFile {
  path: string
  /** Id of its first decision. */
  first: number
  /** Id of its last decision; one less than the first if nothing in it can be read. */
  last: number
}

/** @returns null for a line that is not a decision: the end of a write that a power cut interrupted */
export const parseDecision = (text: string): Decision | null => {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !('id' in value) || typeof value.id !== 'number') return null
    const decision = value as Decision
    // Lines of an earlier hal0 have no caller.
    decision.caller ??= null
    return decision
  } catch {
    return null
  }
}

/** Also false for a link that leads nowhere: to itself, or to something that is gone. */
export const isFile = (path: string): boolean => {
  try {
    return statSync(path).isFile()
  } catch (error) {
    const errno = errnoOf(error)
    if (errno === 'ENOENT' || errno === 'ELOOP') return false
    throw error
  }
}

/** The last decision in a file, and where the next line begins; null when there is none. */
export const lastIn = (fd: number): { id: number; end: number } | null => {
  for (const { text, end } of linesBackwards(fd, fstatSync(fd).size)) {
    const decision = parseDecision(text)
    if (decision !== null) return { id: decision.id, end }
  }
  return null
}

type Found = Omit<LogFile, 'last'>

/** Anything else with the name of such a file is moved aside, since it would be in the way of one. */
const regularFiles = (folder: string): Found[] => {
  const found: Found[] = []
  for (const name of readdirSync(folder).toSorted()) {
    if (!/^\d{16}\.jsonl$/.test(name)) continue
    const path = join(folder, name)
    if (isFile(path)) found.push({ path, first: Number.parseInt(name, 10) })
    else renameSync(path, `${path}.damaged-${Date.now()}`)
  }
  return found
}

/** The last id of a file with another one after it: the one before that file's first, unless ids continued from the clock. */
const lastBefore = ({ path, first }: Found, next: number, rowsPerFile: number): number => {
  if (next - first <= rowsPerFile) return next - 1
  const fd = openSync(path, 'r')
  try {
    return Math.max(first - 1, lastIn(fd)?.id ?? 0)
  } finally {
    closeSync(fd)
  }
}

/**
 * The existing files, in ascending order of ids. The last id of the newest one has yet to be found.
 * @throws what the system throws
 */
export const findLogFiles = (folder: string, rowsPerFile: number): LogFile[] => {
  const found = regularFiles(folder)
  return found.map((file, at) => {
    const next = found[at + 1]
    return { ...file, last: next === undefined ? file.first - 1 : lastBefore(file, next.first, rowsPerFile) }
  })
}
