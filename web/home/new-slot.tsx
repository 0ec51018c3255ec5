/** Makes a slot: a name, a model, and when it loads. */
import { useSignal } from '@preact/signals'
import { ApiError, call } from '../data/api.ts'
import { refreshSlots } from '../data/refresh.ts'
import { models, slots } from '../data/state.ts'
import { go } from '../shell/router.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Failure } from '../ui/failure.tsx'
import { ModelPicker } from '../ui/model-picker.tsx'
import { isSlotName, nextSlotName } from '../words/slot-name.ts'
import { texts } from './texts.ts'

interface NewSlotProps {
  /** The model to begin with; null: the person chooses. */
  model: string | null
  onClose: () => void
}

const words = texts.create

export const NewSlot = ({ model, onClose }: NewSlotProps) => {
  const name = useSignal(nextSlotName(slots.value.map(({ record }) => record.name)))
  const chosen = useSignal(model ?? models.value?.find(({ kind }) => kind !== 'mmproj')?.id ?? null)
  const onDemand = useSignal(true)
  const failure = useSignal<ApiError | null>(null)
  const busy = useSignal(false)
  const isBad = !isSlotName(name.value)
  const create = async (): Promise<void> => {
    if (isBad || busy.value) return
    busy.value = true
    try {
      const load = onDemand.value ? 'on-demand' : 'manual'
      await call('createSlot', { body: { name: name.value, model: chosen.value, load } })
      await refreshSlots()
      onClose()
      go('slots', name.value)
    } catch (error) {
      failure.value = ApiError.from(error)
    } finally {
      busy.value = false
    }
  }
  return (
    <Dialog title={words.title} onClose={onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault()
          void create()
        }}
      >
        <div class="field">
          <label for="new-slot-name">{words.name}</label>
          <input
            id="new-slot-name"
            class="input"
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            value={name.value}
            aria-invalid={isBad}
            aria-describedby="new-slot-hint"
            onInput={({ currentTarget }) => {
              name.value = currentTarget.value
            }}
          />
          <p id="new-slot-hint" class={isBad ? 'complaint tiny' : 'quiet tiny'}>
            {isBad ? words.badName : words.nameHint}
          </p>
        </div>
        <ModelPicker label={words.model} chosen={chosen} />
        <label class="choice">
          <input
            type="checkbox"
            checked={onDemand.value}
            onChange={({ currentTarget }) => {
              onDemand.value = currentTarget.checked
            }}
          />
          {words.onDemand}
        </label>
        <Failure error={failure.value} urgent />
        <div class="actions">
          <Button onPress={onClose}>{words.cancel}</Button>
          <button type="submit" class="button first" aria-disabled={busy.value || isBad}>
            {words.create}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
