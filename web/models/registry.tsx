/** The models that are here. */
import { useSignal } from '@preact/signals'
import type { Model } from '../../src/contract/models/model.ts'
import { bytes, count, totalSize } from '../../src/lib/figures.ts'
import { models } from '../data/state.ts'
import { NewSlot } from '../home/new-slot.tsx'
import { linkTo } from '../shell/router.ts'
import { Button } from '../ui/button.tsx'
import { fitReason, fitWord } from '../words/fit-words.ts'
import { DeleteModel } from './delete-model.tsx'
import { texts } from './texts.ts'
import { usersOf } from './users.ts'
import { verifications, verify } from './verification.ts'

const Users = ({ id }: { id: string }) => {
  const users = usersOf(id)
  if (users.length === 0) return <>{texts.nobody}</>
  return (
    <>
      {users.map((name, at) => (
        <span key={name}>
          {at > 0 && ', '}
          <a href={linkTo('slots', name)}>{name}</a>
        </span>
      ))}
    </>
  )
}

const { columns } = texts
const heads = [
  [columns.model, ''],
  [columns.kind, ''],
  [columns.parameters, 'figure'],
  [columns.quantization, ''],
  [columns.context, 'figure'],
  [columns.size, 'figure'],
  [columns.fit, ''],
  [columns.usedBy, ''],
] as const

const Row = ({ model, ask }: { model: Model; ask: (what: 'slot' | 'delete', id: string) => void }) => {
  const { id, kind, parameters, quantization, context_length, files, fit } = model
  const verification = verifications.value.get(id)
  return (
    <tr>
      <td>
        <span class="id">{id}</span>
        {verification !== undefined && (
          <p class="tiny verification" data-mood={verification.mood} role="status">
            {verification.text}
          </p>
        )}
      </td>
      <td data-title={columns.kind}>{kind}</td>
      <td data-title={columns.parameters} class="figure">
        {parameters === null ? '–' : count(parameters)}
      </td>
      <td data-title={columns.quantization}>{quantization ?? '–'}</td>
      <td data-title={columns.context} class="figure">
        {context_length === null ? '–' : context_length.toLocaleString('en')}
      </td>
      <td data-title={columns.size} class="figure">
        {bytes(totalSize(files))}
      </td>
      <td data-title={columns.fit} title={fitReason(fit)}>
        {fitWord(fit)}
      </td>
      <td data-title={columns.usedBy}>
        <Users id={id} />
      </td>
      <td class="actions-cell">
        <div class="actions">
          {kind !== 'mmproj' && (
            <Button label={texts.newSlotWith(id)} onPress={() => ask('slot', id)}>
              {texts.newSlot}
            </Button>
          )}
          <Button label={texts.verifyOf(id)} busy={verification?.mood === 'busy'} onPress={() => verify(id)}>
            {texts.verify}
          </Button>
          <Button label={texts.removeOf(id)} onPress={() => ask('delete', id)}>
            {texts.remove}
          </Button>
        </div>
      </td>
    </tr>
  )
}

export const Registry = () => {
  const asked = useSignal<{ what: 'slot' | 'delete'; id: string } | null>(null)
  const close = (): void => {
    asked.value = null
  }
  const all = models.value
  if (all === null) return null
  if (all.length === 0) return <p class="empty">{texts.none}</p>
  const about = all.find(({ id }) => id === asked.value?.id)
  return (
    <>
      <table class="table stacks">
        <thead>
          <tr>
            {heads.map(([title, kind]) => (
              <th key={title} scope="col" class={kind}>
                {title}
              </th>
            ))}
            <th scope="col">
              <span class="unseen">{columns.actions}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {all.map((model) => (
            <Row
              key={model.id}
              model={model}
              ask={(what, id) => {
                asked.value = { what, id }
              }}
            />
          ))}
        </tbody>
      </table>
      {about !== undefined && asked.value?.what === 'slot' && <NewSlot model={about.id} onClose={close} />}
      {about !== undefined && asked.value?.what === 'delete' && <DeleteModel model={about} onClose={close} />}
    </>
  )
}
