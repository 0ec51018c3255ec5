/** The slots, live. */
import type { SlotProgress, SlotRecord } from '../../src/contract/slot.ts'
import { byId, setText } from '../dom.ts'
import { SlotCard } from './slot-card.ts'

export class SlotsView {
  readonly #cards = new Map<string, { card: SlotCard; record: SlotRecord }>()
  readonly #list = byId('slots')
  readonly #onChange: (records: SlotRecord[]) => void

  /** @param onChange called with all records after every transition */
  constructor(onChange: (records: SlotRecord[]) => void) {
    this.#onChange = onChange
    setInterval(() => {
      for (const { card } of this.#cards.values()) card.tick()
    }, 1000)
  }

  show(record: SlotRecord): void {
    const known = this.#cards.get(record.name)
    if (known === undefined) {
      const card = new SlotCard(record)
      this.#cards.set(record.name, { card, record })
      const after = [...this.#cards.keys()].sort().find((name) => name > record.name)
      this.#list.insertBefore(card.root, after === undefined ? null : (this.#cards.get(after)?.card.root ?? null))
    } else {
      // A new snapshot repeats events; only a changed state is announced.
      if (known.record.state !== record.state) setText(byId('announcements'), `${record.name} is ${record.state}`)
      known.record = record
      known.card.update(record)
    }
    this.#changed()
  }

  progress(progress: SlotProgress): void {
    this.#cards.get(progress.name)?.card.progress(progress)
  }

  remove(name: string): void {
    this.#cards.get(name)?.card.root.remove()
    this.#cards.delete(name)
    this.#changed()
  }

  /** Drops the slots that are not in `names`: they were deleted while the page had no connection. */
  keepOnly(names: readonly string[]): void {
    for (const name of [...this.#cards.keys()]) if (!names.includes(name)) this.remove(name)
    this.#changed()
  }

  #changed(): void {
    byId('slots-empty').hidden = this.#cards.size > 0
    this.#onChange([...this.#cards.values()].map(({ record }) => record))
  }
}
