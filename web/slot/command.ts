/** Gives commands to slots. What was refused is remembered by slot until its state changes, so that each place that shows it can say why. */
import { signal } from '@preact/signals'
import type { SwapRequest } from '../../src/contract/slot.ts'
import { ApiError, call } from '../data/api.ts'
import type { SlotVerb } from '../words/slot-words.ts'

interface Refusal {
  error: ApiError
  /** Of the record at which it was given. */
  seq: number
}

const refusals = signal<ReadonlyMap<string, Refusal>>(new Map())
const busy = signal<ReadonlySet<string>>(new Set())

/** Why the last command was refused; null: it was not, or the slot has moved on. */
export const refusalOf = (name: string, seq: number): ApiError | null => {
  const refusal = refusals.value.get(name)
  return refusal !== undefined && refusal.seq >= seq ? refusal.error : null
}

/** Whether a command to the slot has not been answered yet. */
export const isBusy = (name: string): boolean => busy.value.has(name)

const give = async (name: string, send: () => Promise<unknown>, seq: number): Promise<void> => {
  if (isBusy(name)) return
  busy.value = new Set([...busy.value, name])
  const without = new Map(refusals.value)
  without.delete(name)
  refusals.value = without
  try {
    await send()
  } catch (error) {
    refusals.value = new Map(refusals.value).set(name, { error: ApiError.from(error), seq })
  } finally {
    busy.value = new Set([...busy.value].filter((one) => one !== name))
  }
}

/** @param seq of the record that the person saw; absent: the newest */
export const commandSlot = (name: string, verb: SlotVerb, seq = Number.POSITIVE_INFINITY): Promise<void> =>
  give(name, () => call(`${verb}Slot`, { params: { name } }), seq)

export const swapSlot = (name: string, body: SwapRequest): Promise<void> =>
  give(name, () => call('swapSlot', { params: { name }, body }), Number.POSITIVE_INFINITY)
