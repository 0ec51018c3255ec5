/** How a slot's processes are told among those of the machine. Pure, but for the marks. */
import { readVariable } from '../../proc/environ.ts'
import { type ProcStat, readStat } from '../../proc/stat.ts'
import { markVariable } from './instance-mark.ts'

/** One process, for good: a pid alone is given to another one later. */
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
 * Whether the session that this process led may still be its own. While a session lives, the kernel gives its number to no
 * other process; a holder with another start time shows that it is over and the number in use again.
 */
export const leadsStill = ({ pid, startTime }: Identity): boolean => {
  const holder = readStat(pid)
  return holder === null || holder.startTime === startTime
}

/**
 * The session of `leader` and its descendants: what can be told without waiting.
 * @param processes every running process
 */
export const familyOf = (leader: Identity, processes: readonly ProcStat[]): Set<ProcStat> => {
  if (!leadsStill(leader)) return new Set()
  const members = new Set(processes.filter(({ session }) => session === leader.pid))
  addDescendants(members, processes)
  return members
}

/** The mark that a process carries: null when it has none, or may not be read. */
export const markOf = (stat: ProcStat): Promise<string | null> => readVariable(stat, markVariable)

/** Those of `processes` that carry the mark. */
export const markedBy = async (mark: string, processes: readonly ProcStat[]): Promise<ProcStat[]> => {
  const marks = await Promise.all(processes.map(markOf))
  return processes.filter((_, index) => marks[index] === mark)
}

/** The main process among the members of a slot: of those that lead a session, the one that was there first. */
export const leaderAmong = (members: readonly ProcStat[]): ProcStat | null => {
  const leaders = members.filter(({ pid, session }) => pid === session)
  return leaders.toSorted((a, b) => a.startTime - b.startTime || a.pid - b.pid)[0] ?? null
}
