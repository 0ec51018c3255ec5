/** What of the signals of the slots is kept, and as what. Pure, but for remembering the last state of each slot. */
import type { SlotHappening } from '../../contract/logs/why.ts'
import type { SlotRecord, SlotState } from '../../contract/slot.ts'
import { bounded } from '../../lib/bounded.ts'
import { isLoaded } from '../../slots/machine/states.ts'

/** Longest text and line of a backend. */
const maxText = 1000
const maxSaid = 500

const textIn = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)

/** The line that shows the cause, or the last one, of a backend that died. */
const saidBy = ({ error }: SlotRecord): string | null => {
  const { cause_line, last_lines } = error?.details ?? {}
  const line = textIn(cause_line) ?? (Array.isArray(last_lines) ? textIn(last_lines.at(-1)) : null)
  return line === null ? null : bounded(line, maxSaid)
}

export class SlotRecorder {
  readonly #last = new Map<string, { state: SlotState; seq: number }>()

  /** @param record as it became durable @returns null: it is not news, or only that requests come and go */
  take(record: SlotRecord): SlotHappening | null {
    const { name, state, seq, since, model, reason, error } = record
    const last = this.#last.get(name)
    if (last?.seq === seq) return null
    this.#last.set(name, { state, seq })
    // Of a slot whose last state is unknown, a request says that it was loaded before.
    if (last === undefined ? state === 'serving' : isLoaded(last.state) && isLoaded(state)) return null
    return {
      time: since,
      what: 'state',
      slot: name,
      text: bounded(reason ?? '', maxText),
      state,
      model,
      code: error?.code ?? null,
      said: saidBy(record),
      request_id: null,
      caller: null,
    }
  }

  forget(name: string): void {
    this.#last.delete(name)
  }
}
