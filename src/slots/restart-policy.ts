/** `restart = "on-failure"`: waits that double, and a breaker against crash loops. */

const windowMs = 600_000
const mostCrashes = 5

/**
 * @param crashes monotonic milliseconds of the recent crashes, the latest last
 * @returns milliseconds until the slot is loaded again; null when it crashed 5 times within 10 minutes and stays in error
 */
export const nextRestart = (crashes: readonly number[], now: number): number | null => {
  const recent = crashes.filter((at) => now - at < windowMs).length
  return recent >= mostCrashes ? null : 1000 * 2 ** Math.max(0, recent - 1)
}
