/**
 * What the views of the slots said and when, and whether they contradict each other. Pure: times are arguments.
 *
 * A record is known by its slot and `seq`. Every view must show the same for it, except for what may change without a transition
 * (see SlotRecord). A view may be behind another by `lagMs` and no longer, not counting the time in which the disk held up everybody.
 * What follows must be a legal transition.
 */
import type { SlotRecord } from '../../src/contract/slot.ts'
import { isLegalTransition } from '../../src/slots/machine/states.ts'

/** How long two views may differ, milliseconds. */
export const lagMs = 1000
/** A durable write that takes longer shows that the disk holds up everybody. */
const stallMs = 250

export type View = 'disk' | 'events' | 'api' | 'cli'

interface Known {
  json: string
  record: SlotRecord
  view: View
  /** When any view showed it first. */
  at: number
  /** The disk has it, or an event had it. API and CLI show what is still on its way to the disk. */
  durable: boolean
}

/** A record without what may change under its `seq`. */
const fixedPart = ({ intent: _intent, reason: _reason, error: _error, ...fixed }: SlotRecord): string =>
  JSON.stringify(fixed)

export class Evidence {
  readonly contradictions: string[] = []
  /** How often each view was looked at. */
  readonly looks: Record<View, number> = { disk: 0, events: 0, api: 0, cli: 0 }
  readonly #known = new Map<string, Map<number, Known>>()
  #killedAt = Number.NEGATIVE_INFINITY
  /** When the disk held up a write of the test's own, the one under way last. */
  readonly #writes: { from: number; to: number }[] = []

  /** Distinct records of all slots. */
  get records(): number {
    return [...this.#known.values()].reduce((sum, records) => sum + records.size, 0)
  }

  /**
   * Takes what a view showed.
   * @param askedAt when the view was asked, or when its event arrived: milliseconds of one clock
   */
  see(view: View, record: SlotRecord, askedAt: number): void {
    this.looks[view] += 1
    const records = this.#known.get(record.name) ?? new Map<number, Known>()
    this.#known.set(record.name, records)
    const json = fixedPart(record)
    const known = records.get(record.seq)
    const durable = view === 'disk' || view === 'events'
    if (known === undefined) {
      if (!durable && askedAt <= this.#killedAt) return
      records.set(record.seq, { json, record, view, at: askedAt, durable })
      this.#judgeNeighbours(records, record)
    } else if (known.json === json) {
      known.durable ||= durable
    } else {
      this.#tell(`${record.name} #${record.seq}: ${known.view} says ${known.json}, ${view} says ${json}`)
    }
    for (const later of records.values()) {
      if (later.record.seq <= record.seq || later.at >= askedAt - lagMs - this.#stalled(later.at, askedAt)) continue
      const behind = Math.round(askedAt - later.at)
      this.#tell(
        `${record.name}: ${view} shows ${record.state} #${record.seq}, and ${later.view} had ${later.record.state} #${later.record.seq} ${behind} ms before`,
      )
      break
    }
  }

  /** A durable write of the test's own begins. @returns to be called with the time at which it is done */
  writing(from: number): (to: number) => void {
    const write = { from, to: Number.POSITIVE_INFINITY }
    this.#writes.push(write)
    return (to) => {
      write.to = to
      if (to - from < stallMs) this.#writes.splice(this.#writes.indexOf(write), 1)
    }
  }

  /** kill -9 of the daemon: what it had decided but not written to the disk never happened. */
  daemonDied(at: number): void {
    this.#killedAt = at
    for (const records of this.#known.values()) {
      for (const [seq, { durable }] of records) if (!durable) records.delete(seq)
    }
  }

  /** A contradiction that another look found. */
  tell(what: string): void {
    this.#tell(what)
  }

  /** For how long between two times the disk held up everybody. */
  #stalled(from: number, to: number): number {
    return this.#writes
      .map((write) => ({
        begin: Math.max(from, write.from),
        end: Math.min(to, write.to),
        took: Math.min(to, write.to) - write.from,
      }))
      .reduce((sum, { begin, end, took }) => sum + (took < stallMs ? 0 : Math.max(0, end - begin)), 0)
  }

  #judgeNeighbours(records: Map<number, Known>, record: SlotRecord): void {
    for (const [from, to] of [
      [records.get(record.seq - 1)?.record, record],
      [record, records.get(record.seq + 1)?.record],
    ]) {
      if (from === undefined || to === undefined || from.state === to.state) continue
      if (!isLegalTransition(from.state, to.state)) {
        this.#tell(`${to.name} went from ${from.state} #${from.seq} to ${to.state} #${to.seq}`)
      }
    }
  }

  #tell(what: string): void {
    // One fault shows at every look; the first few say enough.
    if (this.contradictions.length < 20) this.contradictions.push(what)
  }
}
