/** The states of a slot as a drawn way, with the present one lit. */
import type { SlotState } from '../../src/contract/slot.ts'
import { moodOf } from '../words/slot-words.ts'
import { texts } from './texts.ts'

/** In the order of a life, each with how it follows the one before it. */
const way: readonly (readonly [SlotState, 'start' | 'then' | 'both' | 'apart'])[] = [
  ['offline', 'start'],
  ['pulling', 'then'],
  ['starting', 'then'],
  ['warming', 'then'],
  ['ready', 'then'],
  ['serving', 'both'],
  ['idle', 'both'],
  ['unloading', 'then'],
  ['error', 'apart'],
]

export const Lifecycle = ({ state }: { state: SlotState }) => (
  <ol class="lifecycle" aria-label={texts.lifecycle}>
    {way.map(([each, link]) => (
      <li
        key={each}
        class={link}
        {...(each === state ? { 'aria-current': 'step' as const, 'data-mood': moodOf(state) } : {})}
      >
        <span>{each}</span>
      </li>
    ))}
  </ol>
)
