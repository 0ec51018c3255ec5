/** Waits until `condition` holds, polling every 5 ms: for facts of the system that have no event. @throws after `limitMs` */
export const until = async (what: string, condition: () => boolean, limitMs = 10_000): Promise<void> => {
  const end = performance.now() + limitMs
  while (!condition()) {
    if (performance.now() > end) throw new Error(`${what}: not within ${limitMs} ms`)
    await Bun.sleep(5)
  }
}
