import { models } from '../../data/state.ts'
import { texts } from '../texts.ts'
import type { Field } from './fields.ts'

interface SettingFieldProps {
  field: Field
  /** As it is shown. */
  text: string
  isChanged: boolean
  /** What is wrong with it, as the end of a sentence; null: nothing. */
  problem: string | null
  onText: (text: string) => void
}

type ControlProps = Pick<SettingFieldProps, 'field' | 'text' | 'onText'> & {
  id: string
  describedBy: string
  isBad: boolean
}

const Choice = ({ field, text, onText, id, describedBy }: ControlProps) => {
  const choices = field.key === 'model' ? (models.value ?? []).map((model) => model.id) : field.choices
  const known = text === '' || choices.includes(text) ? choices : [text, ...choices]
  return (
    <select
      id={id}
      class="input"
      value={text}
      aria-describedby={describedBy}
      onChange={({ currentTarget }) => onText(currentTarget.value)}
    >
      {field.isNullable && <option value="">{texts.settings.unset}</option>}
      {known.map((choice) => (
        <option key={choice} value={choice}>
          {choice}
        </option>
      ))}
    </select>
  )
}

const Control = (props: ControlProps) => {
  const { field, text, onText, id, describedBy, isBad } = props
  const { kind, example, isNullable, key } = field
  if (kind === 'choice' || key === 'model') return <Choice {...props} />
  const common = {
    id,
    class: 'input',
    value: text,
    'aria-describedby': describedBy,
    'aria-invalid': isBad,
    spellcheck: false,
    autocomplete: 'off' as const,
    autocapitalize: 'off' as const,
  }
  if (kind === 'list' || kind === 'json') {
    return (
      <textarea
        {...common}
        rows={Math.min(12, Math.max(2, text.split('\n').length))}
        onInput={({ currentTarget }) => onText(currentTarget.value)}
      />
    )
  }
  return (
    <input
      {...common}
      inputMode={kind === 'text' ? 'text' : 'decimal'}
      placeholder={isNullable ? texts.settings.unset : example}
      onInput={({ currentTarget }) => onText(currentTarget.value)}
    />
  )
}

export const SettingField = ({ field, text, isChanged, problem, onText }: SettingFieldProps) => {
  const { key, kind, description, atLoad } = field
  const id = `setting-${key}`
  const describedBy = `${id}-text`
  const { atOnce, atLoad: later, lines } = texts.settings
  return (
    <div class={isChanged ? 'field changed' : 'field'}>
      {kind === 'boolean' ? (
        <label class="choice">
          <input
            id={id}
            type="checkbox"
            checked={text === 'true'}
            aria-describedby={describedBy}
            onChange={({ currentTarget }) => onText(String(currentTarget.checked))}
          />
          <code>{key}</code>
        </label>
      ) : (
        <>
          <label for={id}>
            <code>{key}</code>
          </label>
          <Control
            field={field}
            text={text}
            onText={onText}
            id={id}
            describedBy={describedBy}
            isBad={problem !== null}
          />
        </>
      )}
      <p id={describedBy} class="quiet tiny">
        {problem !== null && <span class="complaint">{`${key} ${problem}. `}</span>}
        {description} {kind === 'list' && lines} {isChanged && <span class="effect">{atLoad ? later : atOnce}</span>}
      </p>
    </div>
  )
}
