import type { SlotState } from '../../contract/slot.ts'

/** LEGAL_TRANSITIONS, complete (spec §2.1). There is no way around this table: `Step.enter` is the only code that changes a state. */
export const legalTransitions: Readonly<Record<SlotState, readonly SlotState[]>> = {
  offline: ['pulling', 'starting', 'error'],
  pulling: ['starting', 'error', 'offline'],
  starting: ['warming', 'error'],
  warming: ['ready', 'error'],
  ready: ['serving', 'idle', 'unloading', 'error'],
  serving: ['ready', 'error', 'unloading'],
  idle: ['serving', 'unloading', 'ready'],
  unloading: ['offline', 'error'],
  error: ['offline'],
}

export const isLegalTransition = (from: SlotState, to: SlotState): boolean => legalTransitions[from].includes(to)

/** States in which a backend is being brought up. */
export const isLoading = (state: SlotState): boolean => state === 'starting' || state === 'warming'

/** States in which a request is served at once. */
export const isLoaded = (state: SlotState): boolean => state === 'ready' || state === 'serving' || state === 'idle'
