import type { KnownSlot } from '../data/state.ts'
import { linkTo } from '../shell/router.ts'
import { Button } from '../ui/button.tsx'
import { modeOf } from '../words/slot-mode.ts'
import { moodOf, verbLabels, verbsOf } from '../words/slot-words.ts'
import { commandSlot, isBusy } from './command.ts'

/** What can be done with the slot now, the most likely first. */
export const SlotVerbs = ({ slot }: { slot: KnownSlot }) => {
  const { name, state, seq } = slot.record
  const canChat = moodOf(state) === 'good' && modeOf(slot) === 'chat'
  return (
    <>
      {canChat && (
        <a class="button first" href={linkTo('chat', name)} aria-label={`Chat with ${name}`}>
          Chat
        </a>
      )}
      {verbsOf(state).map((verb) => (
        <Button
          key={verb}
          label={`${verbLabels[verb]} ${name}`}
          busy={isBusy(name)}
          onPress={() => commandSlot(name, verb, seq)}
          {...(verb === 'load' ? { kind: 'first' as const } : {})}
        >
          {verbLabels[verb]}
        </Button>
      ))}
    </>
  )
}
