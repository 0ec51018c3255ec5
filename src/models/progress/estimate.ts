/** Smoothed throughput and time left. Pure. */

/** Time constant of the average: bytes that arrived this long ago weigh 1/e of bytes that arrive now. */
const memoryMs = 5000
/** Observations closer together than this are merged. */
const stepMs = 50
/** Below this rate there is no estimate of the time left, bytes per second. */
const slowest = 1

export interface Estimate {
  /** Time of the last observation, ms. */
  at: number
  received: number
  /** Weighted sum of the rates so far, bytes per ms, not yet divided by `weight`. */
  mean: number
  /** Total weight of the observations in `mean`: 0 before the first one, approaching 1. */
  weight: number
}

/** @param received bytes that already exist, which say nothing about the rate */
export const startEstimate = (now: number, received: number): Estimate => ({ at: now, received, mean: 0, weight: 0 })

export const observe = (state: Estimate, now: number, received: number): Estimate => {
  const elapsed = now - state.at
  if (elapsed < stepMs) return state
  const fresh = 1 - Math.exp(-elapsed / memoryMs)
  const rate = Math.max(0, received - state.received) / elapsed
  return {
    at: now,
    received: Math.max(received, state.received),
    mean: state.mean + fresh * (rate - state.mean),
    weight: state.weight + fresh * (1 - state.weight),
  }
}

/** Bytes per second; null before the first observation. */
export const throughput = (state: Estimate): number | null =>
  state.weight === 0 ? null : (state.mean / state.weight) * 1000

/** Seconds until `total`; null while nothing arrives. */
export const timeLeft = (state: Estimate, received: number, total: number): number | null => {
  const left = Math.max(0, total - received)
  if (left === 0) return 0
  const rate = throughput(state)
  return rate === null || rate < slowest ? null : left / rate
}
