/** A turn of the event loop: timers fire, sockets are read. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
