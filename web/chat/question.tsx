/** A question of the person, which can be changed and sent again. */
import { useSignal } from '@preact/signals'
import { Button } from '../ui/button.tsx'
import type { Question as Asked } from './talk/talk.ts'
import { texts } from './texts.ts'

interface QuestionProps {
  question: Asked
  /** Absent while an answer is under way. */
  onEdit?: (text: string) => void
}

export const Question = ({ question: { text, images }, onEdit }: QuestionProps) => {
  const draft = useSignal<string | null>(null)
  if (draft.value !== null && onEdit !== undefined) {
    const send = (): void => {
      const changed = draft.value?.trim() ?? ''
      draft.value = null
      if (changed !== '') onEdit(changed)
    }
    return (
      <div class="turn form">
        <textarea
          class="input"
          rows={4}
          aria-label={texts.edit}
          value={draft.value}
          onInput={({ currentTarget }) => {
            draft.value = currentTarget.value
          }}
        />
        <div class="actions">
          <Button kind="first" onPress={send}>
            {texts.editVerb}
          </Button>
          <Button
            onPress={() => {
              draft.value = null
            }}
          >
            {texts.cancel}
          </Button>
        </div>
      </div>
    )
  }
  return (
    <article class="turn mine" aria-label={texts.you}>
      <div class="said">
        {images.map((image) => (
          <img key={image} src={image} alt={texts.imageOf} />
        ))}
        {text}
      </div>
      {onEdit !== undefined && (
        <div class="under">
          <button
            type="button"
            onClick={() => {
              draft.value = text
            }}
          >
            {texts.edit}
          </button>
        </div>
      )}
    </article>
  )
}
