/** Names of slots. Pure. */
import { slotNameForm } from '../data/from-contract.ts' with { type: 'macro' }

const form = new RegExp(slotNameForm())

export const isSlotName = (text: string): boolean => form.test(text)

/** The first name that is free: primary, slot-2, slot-3, … */
export const nextSlotName = (taken: readonly string[]): string => {
  if (!taken.includes('primary')) return 'primary'
  let number = 2
  while (taken.includes(`slot-${number}`)) number++
  return `slot-${number}`
}
