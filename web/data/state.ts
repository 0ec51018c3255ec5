/** What the page knows of the daemon. Only `live.ts` and `refresh.ts` write it. */
import { signal } from '@preact/signals'
import type { SlotActivity } from '../../src/contract/events.ts'
import type { Hardware } from '../../src/contract/hardware.ts'
import type { Decision } from '../../src/contract/logs/decision.ts'
import type { Model } from '../../src/contract/models/model.ts'
import type { Pull } from '../../src/contract/models/pull.ts'
import type { SlotProgress, SlotRecord } from '../../src/contract/slot.ts'
import type { Slot } from '../../src/contract/slot-config.ts'
import type { Status } from '../../src/contract/system.ts'

/** One slot as far as it is known: the record comes first. */
export interface KnownSlot {
  record: SlotRecord
  /** null: not fetched yet. */
  config: Slot['config'] | null
  /** Of the present state. */
  progress: SlotProgress | null
  activity: SlotActivity | null
}

/** Sorted by name. */
export const slots = signal<readonly KnownSlot[]>([])
/** Whether the first snapshot of the slots has come. */
export const hasSlots = signal(false)
/** By id of their model, in the order in which they began. */
export const pulls = signal<ReadonlyMap<string, Pull>>(new Map())
/** What pulls have left on the disk, in bytes by id; without an entry: unknown. */
export const kept = signal<ReadonlyMap<string, number>>(new Map())
/** The newest first, a bounded number. */
export const decisions = signal<readonly Decision[]>([])
export const problems = signal<readonly string[]>([])
/** With the time when it was asked for, milliseconds since the Unix epoch. */
export const status = signal<{ status: Status; at: number } | null>(null)
/** null: not fetched yet. */
export const models = signal<readonly Model[] | null>(null)
export const hardware = signal<Hardware | null>(null)
/** When the connection was lost, milliseconds since the Unix epoch; null: it stands. */
export const staleSince = signal<number | null>(null)
/** What screen readers are told next. */
export const announcement = signal('')

export const slotNamed = (name: string): KnownSlot | null =>
  slots.value.find(({ record }) => record.name === name) ?? null
