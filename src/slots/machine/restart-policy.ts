/** `restart = "on-failure"`: doubling delays, and a limit against crash loops. Failed stops: doubling delays. */

const windowMs = 600_000
const mostCrashes = 5
const longestStopRetryS = 30

/** The crashes that still count (monotonic milliseconds, oldest first). */
export const recentCrashes = (crashes: readonly number[], now: number): readonly number[] =>
  crashes.filter((at) => now - at < windowMs).slice(-mostCrashes)

/**
 * @param crashes monotonic milliseconds of the recent crashes, the latest last
 * @returns milliseconds until the slot is loaded again; null when it crashed 5 times within 10 minutes and stays in error
 */
export const nextRestart = (crashes: readonly number[], now: number): number | null => {
  const recent = recentCrashes(crashes, now).length
  return recent >= mostCrashes ? null : 1000 * 2 ** Math.max(0, recent - 1)
}

/** Seconds until a stop that failed this often in a row is retried. */
export const stopRetryS = (tries: number): number => Math.min(longestStopRetryS, 2 ** (tries - 1))
