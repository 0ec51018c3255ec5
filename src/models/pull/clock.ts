/** Time as a pull sees it; tests bring their own. */
export interface Clock {
  /** Monotonic milliseconds. */
  now(): number
  /** @returns the function that cancels it */
  setTimer(ms: number, fire: () => void): () => void
}

export const realTime: Clock = {
  now: () => performance.now(),
  setTimer: (ms, fire) => {
    const timer = setTimeout(fire, ms)
    return () => clearTimeout(timer)
  },
}
