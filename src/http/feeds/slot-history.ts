/**
 * Ids of slot events, and what a reconnecting client has missed. Each transition gets a sequence number that starts at the clock (so
 * that ids also grow over a restart of the daemon), and id = sequence × 1000 + frame. Frame 0 is the transition itself. The snapshot
 * of a new client is between two transitions: frames 1, 2, … and 999 for its last event, so that a connection that breaks in the
 * middle of its snapshot is distinguished from a complete one.
 */

/** One event of the shared stream. */
export interface SlotEvent {
  event: 'slot' | 'deleted'
  id: number
  name: string
  data: string
}

const frames = 1000
const lastFrame = frames - 1
/** Number of events kept for clients that reconnect. */
const capacity = 1024

export class SlotHistory {
  readonly #now: () => number
  readonly #ring: SlotEvent[] = []
  /** Sequence of the newest transition. */
  #last: number
  /** Sequence after which nothing is missing from the ring. */
  #floor: number

  /** @param now milliseconds since the Unix epoch */
  constructor(now: () => number) {
    this.#now = now
    this.#last = now()
    this.#floor = this.#last
  }

  add(event: SlotEvent['event'], name: string, data: string): SlotEvent {
    this.#last = Math.max(this.#last + 1, this.#now())
    const made: SlotEvent = { event, id: this.#last * frames, name, data }
    this.#ring.push(made)
    if (this.#ring.length > capacity) {
      const dropped = this.#ring.shift()
      if (dropped !== undefined) this.#floor = dropped.id / frames
    }
    return made
  }

  /** The current records as events for a new client. */
  snapshot(records: { name: string; json: string }[]): SlotEvent[] {
    return records.map(({ name, json }, at) => {
      const frame = at === records.length - 1 ? lastFrame : Math.min(at + 1, lastFrame - 1)
      return { event: 'slot', id: this.#last * frames + frame, name, data: json }
    })
  }

  /**
   * @param lastEventId the header's text
   * @returns the events after it; null if they are unknown, so that the client needs a snapshot
   */
  since(lastEventId: string): SlotEvent[] | null {
    if (!/^\d{1,16}$/.test(lastEventId)) return null
    const id = Number(lastEventId)
    const frame = id % frames
    if (frame !== 0 && frame !== lastFrame) return null
    const base = (id - frame) / frames
    if (base === this.#floor) return [...this.#ring]
    const at = this.#ring.findIndex((event) => event.id === base * frames)
    return at < 0 ? null : this.#ring.slice(at + 1)
  }
}
