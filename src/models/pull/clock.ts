/** Time as a pull sees it; tests bring their own. */
export interface Clock {
  /** Monotonic milliseconds. */
  now(): number
  /** @returns the function that cancels it */
  setTimer(ms: number, fire: () => void): () => void
}
