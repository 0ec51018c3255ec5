/** Finds what is left of a slot's process when a daemon starts. */
import { log } from '../../../lib/log.ts'
import { isOfThisBoot } from '../../proc/boot-id.ts'
import { readCommandLine } from '../../proc/environ.ts'
import { isRunning, readStat, runningProcesses, startedAt } from '../../proc/stat.ts'
import type { Family } from './family.ts'
import { type Identity, leaderAmong, markedBy, markOf } from './members.ts'
import { type ProcessRecord, type RecordFile, recordOf } from './record.ts'

export type Trace =
  | { kind: 'running'; leader: Identity; record: ProcessRecord }
  /** It ended in this boot. */
  | { kind: 'ended' }
  /** The record is of another boot. */
  | { kind: 'rebooted' }
  | { kind: 'none' }

const runsStill = async ({ pid, start_time }: ProcessRecord, mark: string): Promise<boolean> => {
  const stat = readStat(pid)
  if (stat === null || stat.startTime !== start_time || !isRunning(stat)) return false
  // A copied data folder contains a record of a process that belongs to the original. A program may overwrite its environment, so a
  // missing mark says nothing.
  const itsMark = await markOf(stat)
  return itsMark === null || itsMark === mark
}

/**
 * Finds a main process that has the mark but no record, and writes the missing record. Processes that the record does list are not
 * main processes, but leftovers of one.
 */
const findOrphan = async (file: RecordFile, mark: string, family: Family): Promise<Trace | null> => {
  const processes = runningProcesses()
  const known = family.now(processes)
  const leader = leaderAmong(
    await markedBy(
      mark,
      processes.filter((stat) => !known.has(stat) && stat.pid !== process.pid),
    ),
  )
  if (leader === null) return null
  family.adopt(leader)
  const argv0 = (await readCommandLine(leader))?.[0] ?? ''
  const record = recordOf(leader, startedAt(leader.startTime), argv0, family.traces())
  await file.write(record).catch((error) => {
    // It runs and can be watched; without a record, the next daemon will find it by its mark again.
    log.warn(`could not write ${file.path}`, error)
  })
  return { kind: 'running', leader, record }
}

/**
 * Looks for the process by its record, and then by its mark, whatever the record says: the daemon may have died between a start
 * and the write of the new record. The record of an ended process stays until the next start or stop, so that asking again gives
 * the same answer. A record from another boot is removed.
 * @param family gets what the record says about the slot's processes
 * @throws Hal0Error `storage.failed` when that record cannot be removed
 */
export const findProcess = async (file: RecordFile, mark: string, family: Family): Promise<Trace> => {
  const record = await file.read()
  const current = record !== null && isOfThisBoot(record)
  if (current) family.restore(record)
  if (current && (await runsStill(record, mark))) {
    const leader = { pid: record.pid, startTime: record.start_time }
    family.adopt(leader)
    return { kind: 'running', leader, record }
  }
  const orphan = await findOrphan(file, mark, family)
  if (orphan !== null) return orphan
  if (record === null) return { kind: 'none' }
  if (current) return { kind: 'ended' }
  await file.remove()
  return { kind: 'rebooted' }
}
