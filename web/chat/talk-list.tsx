/** The conversations of this browser. */
import { useSignal } from '@preact/signals'
import { Button } from '../ui/button.tsx'
import { Confirm } from '../ui/confirm.tsx'
import { saveFile } from '../ui/text/save-file.ts'
import { markdownOf, type Talk, titleOf } from './talk/talk.ts'
import { currentTalk, deleteTalk, isKept, openTalk, talks } from './talk/talks.ts'
import { texts } from './texts.ts'

const fileName = (talk: Talk): string =>
  `${titleOf(talk)
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '')}.md`

interface TalkListProps {
  isOpen: boolean
  onNew: () => void
  /** A conversation was chosen, or none. */
  onClose: () => void
}

export const TalkList = ({ isOpen, onNew, onClose }: TalkListProps) => {
  const asked = useSignal<Talk | null>(null)
  const current = currentTalk.value
  return (
    <aside class="talks" aria-label={texts.talks} {...(isOpen ? { 'data-open': true } : {})}>
      <div class="actions">
        <Button onPress={onNew}>{texts.newTalk}</Button>
        <span class="only-narrow">
          <Button kind="plain" onPress={onClose}>
            {texts.hideTalks}
          </Button>
        </span>
      </div>
      <ul>
        {talks.value.map((talk) => (
          <li key={talk.id} {...(talk === current ? { 'data-current': true } : {})}>
            <button
              type="button"
              aria-current={talk === current}
              title={titleOf(talk)}
              onClick={() => {
                openTalk(talk.id)
                onClose()
              }}
            >
              {titleOf(talk)}
            </button>
          </li>
        ))}
      </ul>
      <div class="foot">
        {current !== null && (
          <div class="actions">
            <Button
              kind="plain"
              label={texts.exportOf(titleOf(current))}
              onPress={() => saveFile(fileName(current), 'text/markdown', markdownOf(current))}
            >
              {texts.export}
            </Button>
            <Button
              kind="plain"
              label={texts.deleteOf(titleOf(current))}
              onPress={() => {
                asked.value = current
              }}
            >
              {texts.delete}
            </Button>
          </div>
        )}
        <p class={isKept.value ? 'quiet tiny' : 'complaint tiny'}>{isKept.value ? texts.kept : texts.notKept}</p>
      </div>
      {asked.value !== null && (
        <Confirm
          title={texts.deleteTitle(titleOf(asked.value))}
          verb={texts.delete}
          onClose={() => {
            asked.value = null
          }}
          act={async () => {
            if (asked.value !== null) deleteTalk(asked.value.id)
          }}
        >
          <p>{texts.deleteNote}</p>
        </Confirm>
      )}
    </aside>
  )
}
