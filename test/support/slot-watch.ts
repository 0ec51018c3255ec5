/** Follows `/api/slots/events` of a daemon and records every event with its time. */
import { onTestFinished } from 'bun:test'
import type { SlotRecord, SlotState } from '../../src/contract/slot.ts'
import { EventReader } from '../http/support/event-reader.ts'
import type { Daemon } from './daemon.ts'

export interface SeenRecord {
  id: number
  /** The data of the event, byte for byte. */
  json: string
  record: SlotRecord
  /** Time of arrival: Unix milliseconds, with fractions. */
  at: number
}

const now = (): number => performance.timeOrigin + performance.now()

export class SlotWatch {
  readonly seen: SeenRecord[] = []
  /** Names of the slots that were reported as deleted, in order. */
  readonly deleted: string[] = []
  /** Resolves when the stream has ended, however it ended. */
  readonly ended: Promise<void>
  readonly #daemon: Daemon
  readonly #reader: EventReader
  #wake: (() => void)[] = []
  #open = true

  private constructor(daemon: Daemon, reader: EventReader) {
    this.#daemon = daemon
    this.#reader = reader
    this.ended = this.#follow()
  }

  /** Opens the stream; it is closed with the running test. @param after an id to resume after */
  static async open(daemon: Daemon, after?: number): Promise<SlotWatch> {
    const reader = await EventReader.open(
      `${daemon.url}/api/slots/events`,
      after === undefined ? undefined : String(after),
    )
    const watch = new SlotWatch(daemon, reader)
    onTestFinished(() => watch.close())
    return watch
  }

  /** Names of the states that `name` was seen in, in order. */
  states(name = 'primary'): SlotState[] {
    return this.seen.filter(({ record }) => record.name === name).map(({ record }) => record.state)
  }

  /**
   * The first matching record from index `from` on.
   * @throws when none came within `limitMs`, with the records that came and the daemon's output
   */
  async until(what: string, fits: (record: SlotRecord) => boolean, from = 0, limitMs = 10_000): Promise<SeenRecord> {
    const end = performance.now() + limitMs
    for (let index = from; ; index++) {
      while (index >= this.seen.length) {
        const left = end - performance.now()
        if (left <= 0 || !this.#open) {
          const came = this.seen.map(({ record }) => `${record.name} ${record.state}`).join(', ')
          throw new Error(`${what}: not within ${limitMs} ms; there came ${came}\n${this.#daemon.stderr}`)
        }
        await Promise.race([new Promise<void>((resolve) => this.#wake.push(resolve)), Bun.sleep(left)])
      }
      const one = this.seen[index]
      if (one !== undefined && fits(one.record)) return one
    }
  }

  /** The first record of slot `name` in `state` from index `from` on. */
  untilState(state: SlotState, { name = 'primary', from = 0, limitMs = 10_000 } = {}): Promise<SeenRecord> {
    const fits = (record: SlotRecord) => record.name === name && record.state === state
    return this.until(`slot ${name} is ${state}`, fits, from, limitMs)
  }

  close(): void {
    this.#reader.close()
  }

  async #follow(): Promise<void> {
    try {
      for (;;) {
        const { event, id, data } = await this.#reader.next()
        if (event === 'deleted') this.deleted.push((JSON.parse(data) as { name: string }).name)
        if (event !== 'slot') continue
        this.seen.push({ id: Number(id), json: data, record: JSON.parse(data) as SlotRecord, at: now() })
        this.#notify()
      }
    } catch {
      // The daemon has ended, or the test is over. If somebody waits for more, `until` reports it.
      this.#open = false
      this.#notify()
    }
  }

  #notify(): void {
    const woken = this.#wake
    this.#wake = []
    for (const wake of woken) wake()
  }
}
