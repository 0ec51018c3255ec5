/** Who takes the memory of the machine. Pure. */
import type { Hardware } from '../../src/contract/hardware.ts'
import type { Model } from '../../src/contract/models/model.ts'
import type { SlotRecord, SlotState } from '../../src/contract/slot.ts'

export interface Share {
  slot: string
  bytes: number
}

export interface MemoryShares {
  total: number
  free: number
  slots: Share[]
  /** What is used by other programs. */
  other: number
}

const holdsMemory: readonly SlotState[] = ['warming', 'ready', 'serving', 'idle', 'unloading']

/** Bytes that a model needs while it is loaded; null: unknown. */
export const needsOf = (id: string | null, models: readonly Model[] | null): number | null =>
  models?.find((model) => model.id === id)?.fit?.needs.total ?? null

const runsInRam = (id: string | null, models: readonly Model[] | null): boolean =>
  (models?.find((model) => model.id === id)?.fit?.have.device ?? '').split(',').includes('ram')

/**
 * The memory by slot. The shares of slots are what their models need, so they are cut where the machine says that less is used.
 * @returns null if the machine does not say
 */
export const memoryShares = (
  { memory: { total, available, limit } }: Hardware,
  records: readonly SlotRecord[],
  models: readonly Model[] | null,
): MemoryShares | null => {
  if (total === null || available === null) return null
  const whole = Math.min(total, limit ?? total)
  const free = Math.min(available, whole)
  let unknown = whole - free
  const slots: Share[] = []
  for (const { name, state, model } of records) {
    if (!holdsMemory.includes(state) || !runsInRam(model, models)) continue
    const bytes = Math.min(needsOf(model, models) ?? 0, unknown)
    unknown -= bytes
    if (bytes > 0) slots.push({ slot: name, bytes })
  }
  return { total: whole, free, slots, other: unknown }
}
