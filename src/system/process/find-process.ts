/** What is left of a slot's process when a daemon starts. */
import { log } from '../../lib/log.ts'
import { isOfThisBoot } from '../proc/boot-id.ts'
import { readCommandLine } from '../proc/start-block.ts'
import { isRunning, readStat, startedAt } from '../proc/stat.ts'
import { type Leader, leaderAmong, markOf, membersOf } from './members.ts'
import { type ProcessRecord, type RecordFile, recordOf } from './record.ts'

export type Trace =
  | { kind: 'running'; leader: Leader; startedAt: number }
  /** It ended in this boot. */
  | { kind: 'ended' }
  /** The record is of another boot. */
  | { kind: 'rebooted' }
  | { kind: 'none' }

const runsStill = async ({ pid, start_time }: ProcessRecord, mark: string): Promise<boolean> => {
  const stat = readStat(pid)
  if (stat === null || stat.startTime !== start_time || !isRunning(stat)) return false
  // A data folder that was copied brings a record of a process that belongs to the original. A program may overwrite its
  // environment, so that a mark which is not there says nothing.
  const itsMark = await markOf(stat)
  return itsMark === null || itsMark === mark
}

/** A process that carries the mark although no record tells of it; the record is made up for. */
const findOrphan = async (file: RecordFile, mark: string): Promise<Trace | null> => {
  const leader = leaderAmong(await membersOf(mark, null))
  if (leader === null) return null
  const began = startedAt(leader.startTime)
  const argv0 = (await readCommandLine(leader))?.[0] ?? ''
  await file.write(recordOf(leader, began, argv0)).catch((error) => {
    // It runs and can be watched; without a record the next daemon finds it by its mark again.
    log.warn(`could not write ${file.path}`, error)
  })
  return { kind: 'running', leader, startedAt: began }
}

/**
 * Looks for the process by its record, and then by its mark whatever the record says: the daemon may have died between a
 * start and the write of the new record. The record of an ended process stays until the next start or stop, so that whoever
 * asks again gets the same answer; that of another boot goes.
 * @throws Hal0Error `storage.failed` when that record cannot be removed
 */
export const findProcess = async (file: RecordFile, mark: string): Promise<Trace> => {
  const record = await file.read()
  const current = record !== null && isOfThisBoot(record)
  if (current && (await runsStill(record, mark))) {
    return {
      kind: 'running',
      leader: { pid: record.pid, startTime: record.start_time },
      startedAt: record.started_at,
    }
  }
  const orphan = await findOrphan(file, mark)
  if (orphan !== null) return orphan
  if (record === null) return { kind: 'none' }
  if (current) return { kind: 'ended' }
  await file.remove()
  return { kind: 'rebooted' }
}
