/** Waits until `holds`, looking again at every turn of the event loop; throws after `ms`. For effects that send no event. */
export const until = async (holds: () => boolean, ms = 5000): Promise<void> => {
  const deadline = performance.now() + ms
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`did not come true within ${ms} ms: ${holds}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
