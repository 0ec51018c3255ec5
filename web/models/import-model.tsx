/** Registers a file that is on the server's disk. */
import { useSignal } from '@preact/signals'
import { ApiError, call } from '../data/api.ts'
import { refreshModels } from '../data/refresh.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Failure } from '../ui/failure.tsx'
import { texts } from './texts.ts'

export const ImportModel = ({ onClose }: { onClose: () => void }) => {
  const path = useSignal('')
  const link = useSignal(false)
  const busy = useSignal(false)
  const failure = useSignal<ApiError | null>(null)
  const bring = async (): Promise<void> => {
    if (busy.value || path.value.trim() === '') return
    busy.value = true
    failure.value = null
    try {
      await call('importModel', { body: { path: path.value.trim(), link: link.value } })
      await refreshModels()
      onClose()
    } catch (error) {
      failure.value = ApiError.from(error)
    } finally {
      busy.value = false
    }
  }
  return (
    <Dialog title={texts.import} onClose={onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault()
          void bring()
        }}
      >
        <div class="field">
          <label for="import-path">{texts.importPath}</label>
          <input
            id="import-path"
            class="input"
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            aria-describedby="import-hint"
            value={path.value}
            onInput={({ currentTarget }) => {
              path.value = currentTarget.value
            }}
          />
          <p id="import-hint" class="quiet tiny">
            {texts.importHint}
          </p>
        </div>
        <label class="choice">
          <input
            type="checkbox"
            checked={link.value}
            onChange={({ currentTarget }) => {
              link.value = currentTarget.checked
            }}
          />
          {texts.importLink}
        </label>
        <Failure error={failure.value} urgent />
        <div class="actions">
          <Button onPress={onClose}>{texts.cancel}</Button>
          <button type="submit" class="button first" aria-disabled={busy.value}>
            {texts.importVerb}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
