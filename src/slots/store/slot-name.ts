import { slotNamePattern } from '../../contract/slot.ts'

const pattern = new RegExp(slotNamePattern)

/** Whether a slot can have this name; anything else never reaches a path or a unit name. */
export const isSlotName = (name: string): boolean => pattern.test(name)
