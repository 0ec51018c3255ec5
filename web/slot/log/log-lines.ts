/** The last lines of a slot's log, live: a bounded number of them. */
import { type Signal, signal } from '@preact/signals'
import type { LogGap } from '../../../src/contract/slot.ts'
import { addressOf } from '../../data/address.ts'

export interface LogLine {
  /** Grows; tells lines apart. */
  id: number
  /** null: some lines are missing here. */
  text: string | null
}

const keptLines = 2000
const firstLines = 500
/** Lines that come close together are shown together, milliseconds. */
const togetherMs = 100

export class LogLines {
  readonly lines: Signal<readonly LogLine[]> = signal([])
  readonly #source: EventSource
  #waiting: LogLine[] = []
  #timer: ReturnType<typeof setTimeout> | undefined
  #last = 0

  constructor(slot: string) {
    const path = `/api/slots/${encodeURIComponent(slot)}/logs/events?lines=${firstLines}`
    this.#source = new EventSource(addressOf(path))
    this.#source.addEventListener('log', ({ data }) => this.#add(JSON.parse(data) as string))
    this.#source.addEventListener('gap', ({ data }) => {
      const { bytes } = JSON.parse(data) as LogGap
      if (bytes !== 0) this.#add(null)
    })
  }

  close(): void {
    this.#source.close()
    clearTimeout(this.#timer)
  }

  #add(text: string | null): void {
    this.#waiting.push({ id: ++this.#last, text })
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.lines.value = [...this.lines.value, ...this.#waiting].slice(-keptLines)
      this.#waiting = []
    }, togetherMs)
  }
}
