/** A slot's state as text, colour and verbs. Pure. */
import type { SlotProgress, SlotState } from '../../src/contract/slot.ts'
import { elapsed } from '../../src/lib/figures.ts'
import { pullFraction, shortPullText } from './pull-words.ts'

export type SlotVerb = 'load' | 'unload' | 'restart' | 'cancel' | 'acknowledge'

const verbs: Record<SlotState, readonly SlotVerb[]> = {
  offline: ['load'],
  pulling: ['cancel'],
  starting: ['cancel'],
  warming: ['cancel'],
  ready: ['unload', 'restart'],
  serving: ['unload', 'restart'],
  idle: ['unload', 'restart'],
  unloading: [],
  error: ['load', 'acknowledge'],
}

/** What can be done with a slot in this state. Loading a failed slot acknowledges the error first. */
export const verbsOf = (state: SlotState): readonly SlotVerb[] => verbs[state]

export const verbLabels: Record<SlotVerb, string> = {
  load: 'Load',
  unload: 'Unload',
  restart: 'Restart',
  cancel: 'Cancel',
  acknowledge: 'Acknowledge',
}

/** What a state looks like. */
export type Mood = 'off' | 'busy' | 'good' | 'bad'

export const moodOf = (state: SlotState): Mood => {
  if (state === 'error') return 'bad'
  if (state === 'offline') return 'off'
  return state === 'ready' || state === 'serving' || state === 'idle' ? 'good' : 'busy'
}

/** e.g. "warming — 12 s of about 30 s", "pulling — 42 % of 398 MB, 12 MB/s, 20 s left" */
export const progressText = (progress: SlotProgress): string => `${progress.state} — ${shortProgress(progress)}`

/** Fraction done, 0 to 1; null when it is unknown, e.g. for a load that takes longer than expected. */
export const progressFraction = ({ elapsed_s, expected_s, pull }: SlotProgress): number | null => {
  if (pull !== null) return pullFraction(pull)
  return expected_s === null || elapsed_s >= expected_s ? null : elapsed_s / expected_s
}

/** e.g. "12 s of about 30 s", "42 % of 398 MB, 12 MB/s, 20 s left": the progress without the word of the state. */
export const shortProgress = ({ elapsed_s, expected_s, pull }: SlotProgress): string =>
  pull === null ? elapsed(elapsed_s, expected_s === null ? null : Math.max(1, expected_s)) : shortPullText(pull)
