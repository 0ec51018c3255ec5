/** Kill points along whole lives: at the first of certain calls, then at every so many, until a life reaches its end. */
import { runKillPoint } from './kill-point.ts'
import type { KillPoint, Outcome } from './live.ts'

export interface Sweep {
  calls: string
  /** 1: every call. */
  stride: number
}

/** Calls that make or unmake names. */
export const names = 'mkdir,rmdir,unlink,unlinkat'

/**
 * Runs the sweeps two at a time, all of them once and then again until there were enough kills: strace counts the calls of each
 * thread, so that a round has fewer points the more threads there are, and the next round has other points.
 * @param runPoint lives one life; by default that of a slot
 * @returns what happened at each point, in no order
 */
export const runSweeps = async (
  sweeps: Sweep[],
  atLeast: number,
  runPoint: (point: KillPoint) => Promise<Outcome> = runKillPoint,
): Promise<Outcome[]> => {
  const kills: Outcome[] = []
  function* rounds(): Generator<Sweep> {
    do yield* sweeps
    while (kills.length < atLeast)
  }
  const todo = rounds()
  const work = async (): Promise<void> => {
    for (const { calls, stride } of todo) {
      for (let count = 1; ; count += stride) {
        const outcome = await runPoint({ calls, count })
        if (!outcome.killed) break
        kills.push(outcome)
      }
    }
  }
  await Promise.all([work(), work()])
  return kills
}

/** For the log: how many kills, in which commands, at which calls. */
export const summary = (kills: Outcome[]): string => {
  const count = (key: 'during' | 'call') =>
    [...Map.groupBy(kills, (kill) => kill[key])].map(([what, list]) => `${what} ${list.length}`).join(', ')
  return `${kills.length} kills. During: ${count('during')}. Before: ${count('call')}.`
}
