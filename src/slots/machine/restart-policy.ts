/** `restart = "on-failure"`: waits that double, and a breaker against crash loops. Stops that fail: waits that double. */

const windowMs = 600_000
const mostCrashes = 5
const longestStopRetryS = 30

/** Those of the crashes (monotonic milliseconds, oldest first) that still count. */
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

/** Seconds until a stop that failed this often in a row is tried again. */
export const stopRetryS = (tries: number): number => Math.min(longestStopRetryS, 2 ** (tries - 1))
