/** How often a loading backend is probed (spec §2.2). Pure, so that the promised lag can be tested without waiting. */

const youngMs = 20
const longestMs = 1000

/**
 * Milliseconds until the next probe. Spec: ready is noticed within 50 ms or 5 % of the load time, whichever is larger. An interval
 * of 3 % of the age so far, plus or minus a fifth of it, satisfies that for every load time, whatever was expected. Around the time
 * that earlier loads took, it is shorter.
 * @param elapsedMs age of the load
 * @param expectedMs what earlier loads of this slot took; null when there were none
 * @param random 0 ≤ random < 1
 */
export const nextProbeMs = (elapsedMs: number, expectedMs: number | null, random: number): number => {
  let interval = Math.min(longestMs, Math.max(youngMs, elapsedMs * 0.03))
  if (expectedMs !== null && Math.abs(elapsedMs - expectedMs) <= expectedMs * 0.15) {
    interval = Math.min(interval, Math.max(youngMs, expectedMs * 0.01))
  }
  return interval * (0.8 + 0.4 * random)
}

/** A backend with bad answers gets this long to recover before its load fails. */
const patienceMs = 2000
const patienceAnswers = 5

/** True when bad answers have lasted too long: at least 5 in a row, over at least 2 s. */
export const losesPatience = (badSinceMs: number, badAnswers: number): boolean =>
  badAnswers >= patienceAnswers && badSinceMs >= patienceMs
