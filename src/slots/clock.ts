/** Time as the slots see it; tests bring their own. */
export interface Clock {
  /** Monotonic milliseconds. */
  now(): number
  /** Milliseconds since the Unix epoch; may jump. */
  wall(): number
  /** @returns the function that cancels it */
  setTimer(ms: number, fire: () => void): () => void
}

/** setTimeout fires at once for waits that do not fit into 32 bits. */
const longestTimer = 2_147_483_647

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  setTimer: (ms, fire) => {
    const timer = setTimeout(fire, Math.min(ms, longestTimer))
    return () => clearTimeout(timer)
  },
}
