/** The environment and the arguments that a process was started with. */
import { readFile } from 'node:fs/promises'
import { withDeadline } from '../../lib/async/with-deadline.ts'
import type { ProcStat } from './stat.ts'

/** Identifies a process, as opposed to a later one with the same pid. */
type Process = Pick<ProcStat, 'pid' | 'startTime'>

const readLimitMs = 500
/** In the middle of an exec the kernel shows an empty environment for a moment, so it is worth reading again. */
const execMs = 5

/**
 * Pending reads, by path and process; null for one that is late. Reading these files takes a lock of that process's memory, which a
 * process stuck in a driver may never release, and each read would block one of the few threads for file operations. So there is
 * only one read at a time, and once it is late, nobody waits for it again.
 */
const reads = new Map<string, Promise<Buffer | null> | null>()

/** @returns null if it may not be read, the process is gone, or the kernel does not answer within 500 ms */
const readBounded = async ({ pid, startTime }: Process, file: 'environ' | 'cmdline'): Promise<Buffer | null> => {
  const path = `/proc/${pid}/${file}`
  const key = `${path}:${startTime}`
  let reading = reads.get(key)
  if (reading === null) return null
  if (reading === undefined) {
    reading = readFile(path)
      // The process has ended, or belongs to another user.
      .catch(() => null)
      .finally(() => reads.delete(key))
    reads.set(key, reading)
  }
  const content = await withDeadline(reading, readLimitMs, 'late')
  if (content !== 'late') return content
  if (reads.has(key)) reads.set(key, null)
  return null
}

/** The value of the variable `name` in an environ block, or null. */
export const variableIn = (environ: Buffer, name: string): string | null => {
  const wanted = `${name}=`
  let at = environ.indexOf(wanted)
  while (at > 0 && environ[at - 1] !== 0) at = environ.indexOf(wanted, at + 1)
  if (at === -1) return null
  const end = environ.indexOf(0, at)
  return environ.toString('utf8', at + wanted.length, end === -1 ? environ.length : end)
}

/** A variable of a process; null if it is not set or may not be read. */
export const readVariable = async (stat: Process, name: string): Promise<string | null> => {
  let environ = await readBounded(stat, 'environ')
  if (environ?.length === 0) {
    await Bun.sleep(execMs)
    environ = await readBounded(stat, 'environ')
  }
  return environ === null ? null : variableIn(environ, name)
}

/** The arguments of a process; null if it has none or they may not be read. */
export const readCommandLine = async (stat: Process): Promise<string[] | null> => {
  const text = (await readBounded(stat, 'cmdline'))?.toString('utf8') ?? ''
  return text === '' ? null : text.replace(/\0$/, '').split('\0')
}
