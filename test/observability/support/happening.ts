/** Things that happen to a slot, at seconds after a moment. */
import type { SlotHappening } from '../../../src/contract/logs/why.ts'
import type { SlotState } from '../../../src/contract/slot.ts'

export const at = (second: number): string => new Date(Date.UTC(2026, 0, 2, 3, 0, second)).toISOString()

const nothing = { model: 'tiny', code: null, said: null, request_id: null, caller: null }

export const entered = (
  second: number,
  state: SlotState,
  text: string,
  more: Partial<SlotHappening> = {},
): SlotHappening => ({ ...nothing, time: at(second), what: 'state', slot: 'primary', text, state, ...more })

export const asked = (second: number, command: string, more: Partial<SlotHappening> = {}): SlotHappening => ({
  ...nothing,
  time: at(second),
  what: 'asked',
  slot: 'primary',
  text: command,
  state: null,
  model: null,
  request_id: `r${second}`,
  caller: '127.0.0.1',
  ...more,
})
