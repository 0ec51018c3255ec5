/** Where the person writes. */
import { useSignal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { texts } from './texts.ts'

interface ComposerProps {
  slot: string
  takesImages: boolean
  isRunning: boolean
  onSend: (text: string, images: readonly string[]) => void
  onStop: () => void
}

const dataUrl = (file: File): Promise<string> =>
  new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(String(reader.result))
    reader.onerror = () => reject(reader.error)
    reader.readAsDataURL(file)
  })

export const Composer = ({ slot, takesImages, isRunning, onSend, onStop }: ComposerProps) => {
  const text = useSignal('')
  const images = useSignal<readonly string[]>([])
  const field = useRef<HTMLTextAreaElement>(null)
  const send = (): void => {
    const asked = text.value.trim()
    if (asked === '' || isRunning) return
    onSend(asked, images.value)
    text.value = ''
    images.value = []
    field.current?.focus()
  }
  const add = async (files: FileList | null): Promise<void> => {
    images.value = [...images.value, ...(await Promise.all([...(files ?? [])].map(dataUrl)))]
  }
  return (
    <div class="composer">
      {images.value.length > 0 && (
        <div class="actions pictures">
          {images.value.map((image) => (
            <button
              key={image}
              type="button"
              class="button"
              aria-label={texts.dropImage}
              title={texts.dropImage}
              onClick={() => {
                images.value = images.value.filter((one) => one !== image)
              }}
            >
              <img src={image} alt="" height="28" />×
            </button>
          ))}
        </div>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault()
          send()
        }}
      >
        {takesImages && (
          <label class="button plain picture">
            {texts.image}
            <input
              class="unseen"
              type="file"
              accept="image/*"
              multiple
              aria-label={texts.addImage}
              onChange={({ currentTarget }) => {
                void add(currentTarget.files)
                currentTarget.value = ''
              }}
            />
          </label>
        )}
        <textarea
          ref={field}
          rows={1}
          aria-label={texts.ask(slot)}
          placeholder={texts.ask(slot)}
          value={text.value}
          onInput={({ currentTarget }) => {
            text.value = currentTarget.value
          }}
          onKeyDown={(event) => {
            // Enter while a word is composed (Japanese, Chinese) chooses the word.
            if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
            event.preventDefault()
            send()
          }}
        />
        {isRunning ? (
          <button type="button" class="button" onClick={onStop}>
            {texts.stop}
          </button>
        ) : (
          <button type="submit" class="button first" aria-disabled={text.value.trim() === ''}>
            {texts.send}
          </button>
        )}
      </form>
    </div>
  )
}
