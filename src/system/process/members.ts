/** Which of the machine's processes belong to a slot: its main process and everything that descends from it. */
import { readVariable } from '../proc/start-block.ts'
import { type ProcStat, readStat, runningProcesses } from '../proc/stat.ts'
import { markVariable } from './instance-mark.ts'

/** The main process of a slot, which leads a session of its own. */
export interface Leader {
  pid: number
  startTime: number
}

/** Adds the children, grandchildren, … of `members` among `processes`. */
const addDescendants = (members: Set<ProcStat>, processes: readonly ProcStat[]): void => {
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
 * The session of `leader` and its descendants: what can be told without waiting.
 * @param processes every running process
 */
export const familyOf = (leader: Leader, processes: readonly ProcStat[]): Set<ProcStat> => {
  // While the session lives, the kernel gives its number to no other process; a holder with another start time shows that
  // it is over and the number in use again.
  const holder = readStat(leader.pid)
  if (holder !== null && holder.startTime !== leader.startTime) return new Set()
  const members = new Set(processes.filter(({ session }) => session === leader.pid))
  addDescendants(members, processes)
  return members
}

/** The mark that a process carries: null when it has none, or may not be read. */
export const markOf = (stat: ProcStat): Promise<string | null> => readVariable(stat, markVariable)

/**
 * Every running process of a slot: the leader's session, what carries the slot's mark (a daemon that left the session), and
 * the descendants of both.
 * @param leader null when it is not known: then only the mark tells
 */
export const membersOf = async (mark: string, leader: Leader | null): Promise<ProcStat[]> => {
  const processes = runningProcesses().filter(({ pid }) => pid !== process.pid)
  const members = leader === null ? new Set<ProcStat>() : familyOf(leader, processes)
  const others = processes.filter((stat) => !members.has(stat))
  const marks = await Promise.all(others.map(markOf))
  for (const [index, stat] of others.entries()) {
    if (marks[index] === mark) members.add(stat)
  }
  addDescendants(members, processes)
  return [...members]
}

/** The main process among the members of a slot: of those that lead a session, the one that was there first. */
export const leaderAmong = (members: readonly ProcStat[]): ProcStat | null => {
  const leaders = members.filter(({ pid, session }) => pid === session)
  return leaders.toSorted((a, b) => a.startTime - b.startTime || a.pid - b.pid)[0] ?? null
}
