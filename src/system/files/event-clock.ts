/**
 * <data>/event-clock: a clock that never repeats a time, even over restarts of the daemon and when the machine's clock is set back.
 * The ids of event streams are made from it: with a repeated id, a client that reconnects would miss the events in between.
 */
import { Hal0Error } from '../../lib/hal0-error.ts'
import { log } from '../../lib/log.ts'
import { writeFileAtomic } from './atomic-file.ts'
import { readTextIfThere } from './read-text.ts'

/** The file reserves times this far ahead, milliseconds, so that no event waits for the disk. */
const aheadMs = 60_000
/** Ids are a thousand times this and must stay exact integers. It is in the year 2255. */
const highest = 9_000_000_000_000

const readFloor = async (path: string): Promise<number> => {
  try {
    const text = await readTextIfThere(path, 'read up to where ids of events are used')
    const floor = Number(text ?? 0)
    if (Number.isSafeInteger(floor) && floor >= 0 && floor < highest) return floor
    log.warn(`${path} does not hold a time; ids of events follow only this machine's clock`)
  } catch (error) {
    log.warn(Hal0Error.from(error).message)
  }
  return 0
}

export class EventClock {
  readonly #path: string
  readonly #wall: () => number
  #last: number
  /** Times up to this are reserved in the file, or will be in a moment. */
  #reserved: number
  #writing: Promise<void> = Promise.resolve()

  private constructor(path: string, wall: () => number, floor: number) {
    this.#path = path
    this.#wall = wall
    this.#last = floor
    this.#reserved = floor
  }

  /**
   * Begins above all times that earlier daemons used. An unusable file does not prevent the start: the machine's clock is nearly
   * always right.
   * @param wall milliseconds since the Unix epoch
   */
  static async open(path: string, wall: () => number = Date.now): Promise<EventClock> {
    const clock = new EventClock(path, wall, await readFloor(path))
    clock.now()
    await clock.#writing
    return clock
  }

  /** Milliseconds since the Unix epoch if the machine's clock is right; always greater than any value returned before. */
  now(): number {
    this.#last = Math.max(this.#last + 1, this.#wall())
    if (this.#last > this.#reserved - aheadMs / 2) this.#reserve(this.#last + aheadMs)
    return this.#last
  }

  /** Waits for a write that is under way. */
  close(): Promise<void> {
    return this.#writing
  }

  #reserve(until: number): void {
    this.#reserved = until
    const write = () => writeFileAtomic(this.#path, `${until}\n`, 'write up to where ids of events are used')
    this.#writing = this.#writing.then(write).catch((error) => {
      // It is tried again after half a minute of events. The failure only matters if the clock is set back before then.
      log.warn(Hal0Error.from(error).message)
    })
  }
}
