/** How long a request will wait at a slot, from how long requests have lately been at its backend. Pure. */

/** How long requests of one model have lately been at the backend. */
export interface ServiceTimes {
  /** Another model has another speed. */
  readonly model: string | null
  readonly averageMs: number
  /** How many are known; no more than matter. */
  readonly count: number
}

/** Each new request counts as one of so many. */
const remembered = 16

/** @param ms how long one more request was at the backend, whatever became of it: it held its place for so long */
export const withService = (times: ServiceTimes | null, model: string | null, ms: number): ServiceTimes => {
  if (times === null || times.model !== model) return { model, averageMs: ms, count: 1 }
  const count = Math.min(times.count + 1, remembered)
  return { model, averageMs: times.averageMs + (ms - times.averageMs) / count, count }
}

/** How a slot stands for one more request. */
export interface Standing {
  /** Requests at the backend, and how many may be. */
  inFlight: number
  maxInFlight: number
  /** Requests that get a place before it. */
  ahead: number
  /** Milliseconds until the slot is loaded: 0 if it is, null if nobody knows. */
  loadLeftMs: number | null
  /** Milliseconds that a request holds its place; null: none of this model has ended yet. */
  serviceMs: number | null
}

/** Until the request gets its place, milliseconds; null: nobody knows. */
export const expectedWaitMs = ({ inFlight, maxInFlight, ahead, loadLeftMs, serviceMs }: Standing): number | null => {
  if (loadLeftMs === null) return null
  // Places that are free, or will be as soon as the slot is loaded.
  const beforeIt = ahead + 1 - Math.max(0, maxInFlight - inFlight)
  if (beforeIt <= 0) return loadLeftMs
  return serviceMs === null ? null : loadLeftMs + (beforeIt * serviceMs) / maxInFlight
}
