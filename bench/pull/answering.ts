/** How soon the API answers while something else goes on. */

/** Between two questions, milliseconds. */
const everyMs = 5

/**
 * Asks the daemon for its status, one question after the other, until `work` ends.
 * @returns how long each answer took, milliseconds
 */
export const askDuring = async (url: string, work: Promise<unknown>): Promise<number[]> => {
  const times: number[] = []
  let busy = true
  const done = work.finally(() => {
    busy = false
  })
  while (busy) {
    const began = performance.now()
    await (await fetch(`${url}/api/status`)).arrayBuffer()
    times.push(performance.now() - began)
    await Bun.sleep(everyMs)
  }
  await done
  return times
}

export const p99 = (times: number[]): number =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? Number.NaN
