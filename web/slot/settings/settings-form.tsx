/** The slot's settings as a form, and beside it what its file will have. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { SlotPatch } from '../../../src/contract/slot-config.ts'
import { ApiError, call } from '../../data/api.ts'
import { refreshSlots } from '../../data/refresh.ts'
import { announcement, type KnownSlot } from '../../data/state.ts'
import { Button } from '../../ui/button.tsx'
import { Failure } from '../../ui/failure.tsx'
import { CodeBlock } from '../../ui/text/code-block.tsx'
import { texts } from '../texts.ts'
import type { Field } from './fields.ts'
import { type SettingsSchema, settingsSchema } from './schema.ts'
import { SettingField } from './setting-field.tsx'
import { tomlLines } from './toml-text.ts'
import { shownValue, typedValue } from './values.ts'

const words = texts.settings
const groups = ['model', 'backend', 'conduct'] as const

type Values = Record<string, unknown>

const Toml = ({
  values,
  changed,
  schema,
}: {
  values: Values
  changed: ReadonlySet<string>
  schema: SettingsSchema
}) => (
  <section class="toml">
    <h2>{words.toml}</h2>
    <CodeBlock label={words.toml}>
      {tomlLines(values, schema.sectionOf).map(({ text, key }, at) => {
        const line = `${text}\n`
        return key !== null && changed.has(key) ? <mark key={key}>{line}</mark> : <span key={key ?? at}>{line}</span>
      })}
    </CodeBlock>
  </section>
)

interface FormProps {
  name: string
  config: Values
  schema: SettingsSchema
}

/** @returns the changes, and what is wrong with those that cannot be saved */
const changesOf = (fields: readonly Field[], config: Values, edits: ReadonlyMap<string, string>) => {
  const changes: Values = {}
  const problems = new Map<string, string>()
  for (const field of fields) {
    const text = edits.get(field.key)
    if (text === undefined || text === shownValue(field, config[field.key])) continue
    const typed = typedValue(field, text)
    if ('problem' in typed) problems.set(field.key, typed.problem)
    else changes[field.key] = typed.value
  }
  return { changes, problems }
}

const Form = ({ name, config, schema }: FormProps) => {
  const edits = useSignal<ReadonlyMap<string, string>>(new Map())
  const failure = useSignal<ApiError | null>(null)
  const busy = useSignal(false)
  const { changes, problems } = changesOf(schema.fields, config, edits.value)
  const changed = new Set([...Object.keys(changes), ...problems.keys()])
  const save = async (): Promise<void> => {
    if (busy.value || problems.size > 0 || changed.size === 0) return
    busy.value = true
    failure.value = null
    try {
      await call('editSlot', { params: { name }, body: changes as SlotPatch })
      await refreshSlots()
      edits.value = new Map()
      announcement.value = words.saved
    } catch (error) {
      failure.value = ApiError.from(error)
    } finally {
      busy.value = false
    }
  }
  const complaintOf = (key: string): string | null => problems.get(key) ?? null
  return (
    <div class="columns">
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault()
          void save()
        }}
      >
        <p class="quiet">{words.intro}</p>
        {groups.map((group) => (
          <fieldset key={group} class="form">
            <legend>{words.groups[group]}</legend>
            {schema.fields
              .filter((field) => field.group === group)
              .map((field) => (
                <SettingField
                  key={field.key}
                  field={field}
                  text={edits.value.get(field.key) ?? shownValue(field, config[field.key])}
                  isChanged={changed.has(field.key)}
                  problem={complaintOf(field.key)}
                  onText={(text) => {
                    edits.value = new Map(edits.value).set(field.key, text)
                  }}
                />
              ))}
          </fieldset>
        ))}
        <Failure error={failure.value} urgent />
        <div class="actions save">
          <button type="submit" class="button first" aria-disabled={changed.size === 0 || problems.size > 0}>
            {words.save}
          </button>
          {changed.size > 0 && (
            <Button
              onPress={() => {
                edits.value = new Map()
              }}
            >
              {words.discard}
            </Button>
          )}
        </div>
      </form>
      <Toml values={{ ...config, ...changes }} changed={changed} schema={schema} />
    </div>
  )
}

export const SettingsForm = ({ slot }: { slot: KnownSlot }) => {
  const schema = useSignal<SettingsSchema | null>(null)
  const failure = useSignal<ApiError | null>(null)
  useEffect(() => {
    settingsSchema().then(
      (loaded) => {
        schema.value = loaded
      },
      (error: unknown) => {
        failure.value = ApiError.from(error)
      },
    )
  }, [])
  if (failure.value !== null) return <Failure error={failure.value} />
  if (schema.value === null || slot.config === null) return <p class="empty">{texts.loading}</p>
  return <Form name={slot.record.name} config={slot.config} schema={schema.value} />
}
