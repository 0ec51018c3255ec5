/** Waits for one turn of the event loop, in which timers fire and sockets are read. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
