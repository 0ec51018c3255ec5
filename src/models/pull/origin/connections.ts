/** How many connections a pull uses: more while more of them bring more. Pure. */

/** A number of connections is judged by what arrived in this time with it. */
const windowMs = 500
/** The first part of a window, in which new connections get up to speed, is left out of it. */
const settleMs = 250
/** Another step has to bring this much more to be kept. */
const gain = 1.1
/** After a step that brought nothing, or a rate limit, the next try waits this long. */
const restMs = 30_000

export interface Tuning {
  /** Connections to use now. */
  target: number
  /** No more than these: an origin that limits the rate halves it. */
  ceiling: number
  /** The number before the last step and what it brought, bytes per ms; null when the first window is open. */
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
 * @param received bytes so far, never fewer than before
 * @param busy whether all the connections of `target` were in use: else what arrived says nothing about their number
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

/** Connections that a file is worth: one for each two segments of it, so that small files are asked for in one go. */
export const connectionsFor = (tuning: Tuning, size: number, segmentBytes: number): number =>
  Math.max(1, Math.min(tuning.target, Math.floor(size / (2 * segmentBytes))))
