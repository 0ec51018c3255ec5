/** One slot: where it stands, what happened, its log, its settings, and how to use it. */
import { useSignal } from '@preact/signals'
import { hasSlots, type KnownSlot, slotNamed } from '../data/state.ts'
import { linkTo } from '../shell/router.ts'
import { Ago } from '../ui/ago.tsx'
import { Bar } from '../ui/bar.tsx'
import { Button } from '../ui/button.tsx'
import { Failure } from '../ui/failure.tsx'
import { moodOf, progressFraction, shortProgress } from '../words/slot-words.ts'
import { refusalOf } from './command.ts'
import { DeleteSlot } from './delete-slot.tsx'
import { Lifecycle } from './lifecycle.tsx'
import { SlotLog } from './log/slot-log.tsx'
import { Overview } from './overview.tsx'
import { SettingsForm } from './settings/settings-form.tsx'
import { SlotVerbs } from './slot-verbs.tsx'
import { SwapModel } from './swap-model.tsx'
import { texts } from './texts.ts'
import { Usage } from './usage.tsx'

const tabs = [
  ['', texts.tabs.overview],
  ['log', texts.tabs.log],
  ['settings', texts.tabs.settings],
  ['use', texts.tabs.use],
] as const

const Tab = ({ slot, tab }: { slot: KnownSlot; tab: string }) => {
  if (tab === 'log') return <SlotLog name={slot.record.name} />
  if (tab === 'settings') return <SettingsForm slot={slot} />
  if (tab === 'use') return <Usage slot={slot} />
  return <Overview slot={slot} />
}

const Standing = ({ slot: { record, progress } }: { slot: KnownSlot }) => (
  <div class="standing" data-mood={moodOf(record.state)}>
    {moodOf(record.state) === 'busy' && progress !== null ? (
      <>
        <span>{shortProgress(progress)}</span>
        <Bar part={progressFraction(progress)} label={`Progress of ${record.name}`} />
      </>
    ) : (
      <span class="quiet">
        {record.reason ?? record.state} · <Ago since={record.since} />
      </span>
    )}
  </div>
)

const Dialogs = ({ slot }: { slot: KnownSlot }) => {
  const open = useSignal<'swap' | 'delete' | null>(null)
  const close = (): void => {
    open.value = null
  }
  return (
    <>
      <Button
        onPress={() => {
          open.value = 'swap'
        }}
      >
        {texts.swap}
      </Button>
      <Button
        onPress={() => {
          open.value = 'delete'
        }}
      >
        {texts.remove}
      </Button>
      {open.value === 'swap' && <SwapModel slot={slot} onClose={close} />}
      {open.value === 'delete' && <DeleteSlot slot={slot} onClose={close} />}
    </>
  )
}

export const SlotPage = ({ name, tab }: { name: string; tab: string }) => {
  const slot = slotNamed(name)
  if (slot === null) {
    return (
      <main class="page">
        <h1>{name}</h1>
        <div class="empty">
          <p>{hasSlots.value ? texts.missing(name) : texts.loading}</p>
          <p class="actions">
            <a class="button" href={linkTo()}>
              {texts.toHome}
            </a>
          </p>
        </div>
      </main>
    )
  }
  const { model, pull, provider, port, error, seq } = slot.record
  return (
    <main class="page">
      <div class="page-head">
        <div>
          <h1>{name}</h1>
          <p class="quiet">{texts.onPort(pull ?? model ?? texts.noModel, provider, port)}</p>
        </div>
        <div class="actions">
          <SlotVerbs slot={slot} />
          <Dialogs slot={slot} />
        </div>
      </div>
      <Lifecycle state={slot.record.state} />
      <Standing slot={slot} />
      <Failure error={error} />
      <Failure error={refusalOf(name, seq)} urgent />
      <nav class="tabs" aria-label={texts.pages}>
        {tabs.map(([path, title]) => (
          <a
            key={path}
            href={path === '' ? linkTo('slots', name) : linkTo('slots', name, path)}
            aria-current={path === tab ? 'page' : undefined}
          >
            {title}
          </a>
        ))}
      </nav>
      <Tab slot={slot} tab={tab} />
    </main>
  )
}
