/** System prompt and sampling of a conversation. */
import type { Talk } from './talk/talk.ts'
import { texts } from './texts.ts'

type Sampling = 'temperature' | 'top_p' | 'max_tokens'

const numbers = [
  ['temperature', texts.temperature, { min: 0, max: 5, step: 0.05 }],
  ['top_p', texts.topP, { min: 0, max: 1, step: 0.01 }],
  ['max_tokens', texts.maxTokens, { min: 1, step: 1 }],
] as const satisfies readonly (readonly [Sampling, string, Record<string, number>])[]

interface OptionsProps {
  talk: Omit<Talk, 'id' | 'turns'>
  onChange: (changes: Partial<Talk>) => void
}

export const Options = ({ talk, onChange }: OptionsProps) => {
  const change = (key: Sampling, value: number): void => {
    const { [key]: _, ...rest } = talk
    onChange(Number.isFinite(value) ? { ...rest, [key]: value } : ({ [key]: undefined } as Partial<Talk>))
  }
  return (
    <section class="talk-options" aria-label={texts.options}>
      <div class="field">
        <label for="talk-system">{texts.system}</label>
        <textarea
          id="talk-system"
          class="input"
          rows={2}
          value={talk.system}
          onInput={({ currentTarget }) => onChange({ system: currentTarget.value })}
        />
      </div>
      <div class="row">
        {numbers.map(([key, title, bounds]) => (
          <div key={key} class="field">
            <label for={`talk-${key}`}>{title}</label>
            <input
              id={`talk-${key}`}
              class="input"
              type="number"
              inputMode="decimal"
              placeholder={texts.asTheModel}
              value={talk[key] ?? ''}
              {...bounds}
              onInput={({ currentTarget }) => change(key, currentTarget.valueAsNumber)}
            />
          </div>
        ))}
      </div>
    </section>
  )
}
