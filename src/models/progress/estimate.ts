/** Throughput and time left, smoothed. Pure. */

/** What arrived this long ago counts 1/e as much as what arrives now. */
const memoryMs = 5000
/** Observations closer together than this are taken as one. */
const stepMs = 50
/** Below this nothing is said about the time left, bytes per second. */
const slowest = 1

export interface Estimate {
  /** Of the last observation that was taken, ms. */
  at: number
  received: number
  /** Weighted mean of the rate so far, bytes per ms, not yet divided by `weight`. */
  mean: number
  /** Of the observations in `mean`: 0 before the first one, towards 1. */
  weight: number
}

/** @param received what is there already: it says nothing about the rate */
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

/** Bytes per second; null before anything was observed. */
export const throughput = (state: Estimate): number | null =>
  state.weight === 0 ? null : (state.mean / state.weight) * 1000

/** Seconds until `total`; null while nothing arrives. */
export const timeLeft = (state: Estimate, received: number, total: number): number | null => {
  const left = Math.max(0, total - received)
  if (left === 0) return 0
  const rate = throughput(state)
  return rate === null || rate < slowest ? null : left / rate
}
