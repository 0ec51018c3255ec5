/** How many connections a pull uses: it adds connections as long as they increase the throughput. Pure. */

/** A number of connections is judged by the throughput in a window of this length. */
const windowMs = 500
/** The first part of a window is ignored, since new connections are still speeding up. */
const settleMs = 250
/** A step is kept only if it increases the throughput by this factor. */
const gain = 1.1
/** After a useless step, or a rate limit, the next try waits this long. */
const restMs = 30_000

export interface Tuning {
  /** Connections to use now. */
  target: number
  /** Upper limit, which is halved when the origin limits the rate. */
  ceiling: number
  /** The number before the last step and its throughput, bytes per ms; null during the first window. */
  previous: { target: number; rate: number } | null
  windowFrom: number
  windowReceived: number | null
  restUntil: number
}

/** @param ceiling the most that may ever be used, at least 1 */
export const startTuning = (now: number, ceiling: number): Tuning => ({
  target: Math.min(2, ceiling),
  ceiling,
  previous: null,
  windowFrom: now + settleMs,
  windowReceived: null,
  restUntil: now,
})

/**
 * @param now ms
 * @param received bytes so far; never decreases
 * @param busy whether all connections of `target` were in use; otherwise the throughput says nothing about their number
 */
export const tune = (state: Tuning, now: number, received: number, busy: boolean): Tuning => {
  if (!busy) return { ...state, windowFrom: now + settleMs, windowReceived: null }
  if (now < state.windowFrom || now < state.restUntil) return state
  if (state.windowReceived === null) return { ...state, windowFrom: now, windowReceived: received }
  if (now - state.windowFrom < windowMs) return state
  const rate = (received - state.windowReceived) / (now - state.windowFrom)
  const next = { ...state, windowFrom: now + settleMs, windowReceived: null }
  const { previous, target } = state
  if (previous !== null && rate < previous.rate * gain) {
    return { ...next, target: Math.min(previous.target, state.ceiling), previous: null, restUntil: now + restMs }
  }
  const more = Math.min(target * 2, state.ceiling)
  return more === target
    ? { ...next, previous: null, restUntil: now + restMs }
    : { ...next, target: more, previous: { target, rate } }
}

/** After an answer that asked for fewer requests. */
export const slowDown = (state: Tuning, now: number): Tuning => {
  const ceiling = Math.max(1, Math.floor(state.target / 2))
  return { ...state, target: ceiling, ceiling, previous: null, restUntil: now + restMs }
}

/** Number of connections for a file: at most one for each two segments, so that small files need only one request. */
export const connectionsFor = (tuning: Tuning, size: number, segmentBytes: number): number =>
  Math.max(1, Math.min(tuning.target, Math.floor(size / (2 * segmentBytes))))
