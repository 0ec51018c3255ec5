import type { Signal } from '@preact/signals'
import { useId } from 'preact/hooks'
import { bytes, totalSize } from '../../src/lib/figures.ts'
import { models } from '../data/state.ts'
import { fitReason, fitWord } from '../words/fit-words.ts'

/** Chooses one of the installed models, and says whether it fits. */
export const ModelPicker = ({ label, chosen }: { label: string; chosen: Signal<string | null> }) => {
  const id = useId()
  const all = (models.value ?? []).filter(({ kind }) => kind !== 'mmproj')
  const model = all.find((one) => one.id === chosen.value)
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        class="input"
        value={chosen.value ?? ''}
        aria-describedby={`${id}-fit`}
        onChange={({ currentTarget }) => {
          chosen.value = currentTarget.value === '' ? null : currentTarget.value
        }}
      >
        <option value="">none</option>
        {all.map((one) => (
          <option key={one.id} value={one.id}>
            {`${one.id} — ${bytes(totalSize(one.files))}, ${fitWord(one.fit)}`}
          </option>
        ))}
      </select>
      <p id={`${id}-fit`} class="quiet tiny">
        {model === undefined ? ' ' : fitReason(model.fit)}
      </p>
    </div>
  )
}
