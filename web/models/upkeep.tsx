/** What is asked for now and then: newer versions, and what lies about. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { ModelDrift, PullLeftover } from '../../src/contract/models/pull.ts'
import { ApiError, call } from '../data/api.ts'
import { refreshKept, refreshPulls } from '../data/refresh.ts'
import { kept, models } from '../data/state.ts'
import { Button } from '../ui/button.tsx'
import { Confirm } from '../ui/confirm.tsx'
import { Failure } from '../ui/failure.tsx'
import { texts } from './texts.ts'

const Outdated = () => {
  const drift = useSignal<readonly ModelDrift[] | null>(null)
  const busy = useSignal(false)
  const failure = useSignal<ApiError | null>(null)
  const trying = async (work: () => Promise<void>): Promise<void> => {
    busy.value = true
    failure.value = null
    try {
      await work()
    } catch (error) {
      failure.value = ApiError.from(error)
    } finally {
      busy.value = false
    }
  }
  const look = (): Promise<void> =>
    trying(async () => {
      drift.value = await call('listOutdated', {})
    })
  const update = (id: string): Promise<void> =>
    trying(async () => {
      await call('updateModel', { params: { id } })
      drift.value = null
      await refreshPulls()
    })
  const changed = (drift.value ?? []).filter(({ outdated }) => outdated)
  const unknown = (drift.value ?? []).flatMap(({ problem }) => (problem === null ? [] : [problem]))
  return (
    <section class="section">
      <div class="actions">
        <Button busy={busy.value} onPress={look}>
          {texts.outdated}
        </Button>
        {changed.map(({ id }) => (
          <Button key={id} busy={busy.value} onPress={() => update(id)}>
            {texts.update(id)}
          </Button>
        ))}
      </div>
      <p role="status" class="quiet">
        {drift.value !== null && changed.length > 0 && texts.changed(changed.map(({ id }) => id).join(', '))}
        {drift.value !== null && changed.length === 0 && unknown.length === 0 && texts.upToDate}
        {unknown.join(' ')}
      </p>
      <Failure error={failure.value} urgent />
    </section>
  )
}

const Leftovers = () => {
  const leftovers = useSignal<readonly PullLeftover[]>([])
  const asks = useSignal(false)
  const look = async (): Promise<void> => {
    leftovers.value = (await call('listPullLeftovers', {})).filter(({ active }) => !active)
  }
  // Both change what lies about.
  const [pulled, registered] = [kept.value, models.value]
  useEffect(() => {
    look().catch((error: unknown) => console.warn('the leftovers could not be fetched', error))
  }, [pulled, registered])
  const size = leftovers.value.reduce((sum, { bytes }) => sum + bytes, 0)
  if (size === 0) return null
  return (
    <section class="section leftovers">
      <h2>{texts.leftovers}</h2>
      <p>{texts.leftoversNote(size)}</p>
      <Button
        onPress={() => {
          asks.value = true
        }}
      >
        {texts.clear}
      </Button>
      {asks.value && (
        <Confirm
          title={texts.clearTitle}
          verb={texts.clear}
          onClose={() => {
            asks.value = false
          }}
          act={async () => {
            await call('clearPullLeftovers', {})
            await Promise.all([refreshKept(), look()])
          }}
        >
          <p>{texts.clearNote}</p>
        </Confirm>
      )}
    </section>
  )
}

export const Upkeep = () => (
  <>
    {(models.value ?? []).some(({ source }) => source !== null) && <Outdated />}
    <Leftovers />
  </>
)
