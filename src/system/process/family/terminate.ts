/** Ends processes: asks first, then makes them. */
import { log } from '../../../lib/log.ts'
import { errnoOf } from '../../files/storage-error.ts'
import { type ProcStat, stillRuns } from '../../proc/stat.ts'

/** Time limits of a termination; `killAt` may be moved forward while it runs. */
export interface Patience {
  /** When SIGTERM gives way to SIGKILL, on the clock of performance.now(). */
  killAt: number
  /** How long a process may survive SIGKILL, milliseconds. */
  killLimitMs: number
}

/**
 * Sends `signal` to each process; to its whole process group if the group's leader is among them, so that new forks get it too.
 */
const signalAll = (members: readonly ProcStat[], signal: 'SIGTERM' | 'SIGKILL'): void => {
  const running = members.filter(stillRuns)
  const groups = new Set(running.filter(({ pid, pgrp }) => pid === pgrp).map(({ pgrp }) => pgrp))
  const singles = running.filter(({ pgrp }) => !groups.has(pgrp))
  for (const target of [...[...groups].map((group) => -group), ...singles.map(({ pid }) => pid)]) {
    try {
      process.kill(target, signal)
    } catch (error) {
      // ESRCH: it has already ended. Any other failure will show as a process that survives.
      if (errnoOf(error) !== 'ESRCH') log.warn(`could not send ${signal} to process ${target}`, error)
    }
  }
}

const pollMs = 10
const lookMs = 100

/** Resolves when all have ended, or at `until` on the clock of performance.now(). */
const ended = async (members: readonly ProcStat[], until: () => number): Promise<void> => {
  let left = members
  while (performance.now() < until()) {
    left = left.filter(stillRuns)
    if (left.length === 0) return
    await Bun.sleep(pollMs)
  }
}

/** The processes to end. */
export interface Quarry {
  all(): Promise<ProcStat[]>
  /** Sends SIGKILL to all of them at once, if that is possible. */
  killGroup(): void
}

/**
 * Ends the processes that are found, until none is found any more.
 * @returns the pids that survived SIGKILL for `killLimitMs`; empty when all have ended
 */
export const terminate = async (quarry: Quarry, patience: Patience): Promise<number[]> => {
  const asked = new Set<string>()
  const key = ({ pid, startTime }: ProcStat): string => `${pid}:${startTime}`
  let members = await quarry.all()
  while (members.length > 0) {
    const now = performance.now()
    if (now >= patience.killAt) {
      const rest = members
      if (now >= patience.killAt + patience.killLimitMs) return rest.map(({ pid }) => pid)
      quarry.killGroup()
      signalAll(rest, 'SIGKILL')
      await ended(rest, () => now + 100)
    } else {
      const fresh = members.filter((stat) => !asked.has(key(stat)))
      for (const stat of fresh) asked.add(key(stat))
      signalAll(fresh, 'SIGTERM')
      // Known processes are watched closely, since their forks must be seen while the parent lives.
      await ended(members, () => Math.min(patience.killAt, now + lookMs))
    }
    members = await quarry.all()
  }
  return []
}
