/** Finds a slot's processes among those of the machine. Pure, except for reading marks. */
import { readVariable } from '../../proc/environ.ts'
import { type ProcStat, readStat } from '../../proc/stat.ts'
import { markVariable } from './instance-mark.ts'

/** Identifies one process for ever: a pid alone is reused later. */
export interface Identity {
  pid: number
  startTime: number
}

/** Adds the children, grandchildren, … of `members` among `processes`. */
export const addDescendants = (members: Set<ProcStat>, processes: readonly ProcStat[]): void => {
  const pids = new Set([...members].map(({ pid }) => pid))
  let before: number
  do {
    before = pids.size
    for (const stat of processes) {
      if (pids.has(stat.pid) || !pids.has(stat.ppid)) continue
      pids.add(stat.pid)
      members.add(stat)
    }
  } while (pids.size > before)
}

/**
 * Whether the session that this process led may still be its own. While a session exists, the kernel does not reuse its number. A
 * process with this pid and another start time shows that the session is over and the number in use again.
 */
export const leadsStill = ({ pid, startTime }: Identity): boolean => {
  const holder = readStat(pid)
  return holder === null || holder.startTime === startTime
}

/**
 * The session of `leader` and its descendants, which can be found without waiting.
 * @param processes every running process
 */
export const familyOf = (leader: Identity, processes: readonly ProcStat[]): Set<ProcStat> => {
  if (!leadsStill(leader)) return new Set()
  const members = new Set(processes.filter(({ session }) => session === leader.pid))
  addDescendants(members, processes)
  return members
}

/** The mark of a process; null when it has none, or its environment may not be read. */
export const markOf = (stat: ProcStat): Promise<string | null> => readVariable(stat, markVariable)

/** Those of `processes` that have the mark. */
export const markedBy = async (mark: string, processes: readonly ProcStat[]): Promise<ProcStat[]> => {
  const marks = await Promise.all(processes.map(markOf))
  return processes.filter((_, index) => marks[index] === mark)
}

/** The main process among the members of a slot: the oldest one that leads a session. */
export const leaderAmong = (members: readonly ProcStat[]): ProcStat | null => {
  const leaders = members.filter(({ pid, session }) => pid === session)
  return leaders.toSorted((a, b) => a.startTime - b.startTime || a.pid - b.pid)[0] ?? null
}
