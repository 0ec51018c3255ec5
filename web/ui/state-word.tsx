import type { ComponentChildren } from 'preact'
import type { Mood } from '../words/slot-words.ts'

/** A state as a coloured dot and its word. */
export const StateWord = ({ mood, children }: { mood: Mood; children: ComponentChildren }) => (
  <span class="state badge" data-mood={mood}>
    {children}
  </span>
)
