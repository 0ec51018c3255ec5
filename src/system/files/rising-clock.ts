/**
 * <data>/event-clock: a clock whose times only rise, over restarts of the daemon and a clock that was set back. Ids of event streams
 * are made from it: one that came twice would make a client that comes back miss what is between.
 */
import { Hal0Error } from '../../lib/hal0-error.ts'
import { log } from '../../lib/log.ts'
import { writeFileAtomic } from './atomic-file.ts'
import { readTextIfThere } from './read-text.ts'

/** What is given out is written down that much ahead, milliseconds, so that no event waits for the disk. */
const aheadMs = 60_000
/** Ids are a thousand times this, and have to stay whole numbers: the year 2255. */
const highest = 9_000_000_000_000

const readFloor = async (path: string): Promise<number> => {
  try {
    const text = await readTextIfThere(path, 'read up to where ids of events were given out')
    const floor = Number(text ?? 0)
    if (Number.isSafeInteger(floor) && floor >= 0 && floor < highest) return floor
    log.warn(`${path} holds no time; ids of events follow the clock of this machine alone`)
  } catch (error) {
    log.warn(Hal0Error.from(error).message)
  }
  return 0
}

export class RisingClock {
  readonly #path: string
  readonly #wall: () => number
  #last: number
  /** Up to here the file knows, or will in a moment. */
  #reserved: number
  #writing: Promise<void> = Promise.resolve()

  private constructor(path: string, wall: () => number, floor: number) {
    this.#path = path
    this.#wall = wall
    this.#last = floor
    this.#reserved = floor
  }

  /**
   * Begins above everything that earlier daemons gave out. A file that cannot be used costs no start: the clock of the machine is right
   * nearly always.
   * @param wall milliseconds since the Unix epoch
   */
  static async open(path: string, wall: () => number = Date.now): Promise<RisingClock> {
    const clock = new RisingClock(path, wall, await readFloor(path))
    clock.now()
    await clock.#writing
    return clock
  }

  /** Milliseconds since the Unix epoch where the machine's clock runs as it should; greater than any given out before. */
  now(): number {
    this.#last = Math.max(this.#last + 1, this.#wall())
    if (this.#last > this.#reserved - aheadMs / 2) this.#reserve(this.#last + aheadMs)
    return this.#last
  }

  /** Waits for what is being written. */
  close(): Promise<void> {
    return this.#writing
  }

  #reserve(until: number): void {
    this.#reserved = until
    const write = () => writeFileAtomic(this.#path, `${until}\n`, 'write up to where ids of events are given out')
    this.#writing = this.#writing.then(write).catch((error) => {
      // It is tried again in half a minute of events; only a clock that is set back until then would show it.
      log.warn(Hal0Error.from(error).message)
    })
  }
}
