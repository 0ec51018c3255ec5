/** A source of time that tests can replace. */
export interface Clock {
  /** Monotonic milliseconds. */
  now(): number
  /** @returns the function that cancels it */
  setTimer(ms: number, fire: () => void): () => void
}

/** Resolves after `ms`. */
export const sleep = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => clock.setTimer(ms, resolve))

/** Waits for one turn of the event loop, in which timers fire and sockets are read. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A clock that also knows the date. */
export interface WallClock extends Clock {
  /** Milliseconds since the Unix epoch; may jump. */
  wall(): number
}

/** For a delay that does not fit into 32 bits, setTimeout would fire at once. */
const longestTimer = 2_147_483_647

export const systemClock: WallClock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  setTimer: (ms, fire) => {
    const timer = setTimeout(fire, Math.min(ms, longestTimer))
    return () => clearTimeout(timer)
  },
}
