/**
 * The one stream of events. EventSource reconnects by itself with Last-Event-ID, unless the server refused the stream. A browser opens
 * only six connections to a server, for all its tabs together: a hidden tab keeps none.
 */
import { batch } from '@preact/signals'
import type { SlotActivity } from '../../src/contract/events.ts'
import type { Decision } from '../../src/contract/logs/decision.ts'
import type { Pull } from '../../src/contract/models/pull.ts'
import { isUnderWay } from '../../src/contract/models/pull-phase.ts'
import type { SlotProgress, SlotRecord } from '../../src/contract/slot.ts'
import { addressOf } from './address.ts'
import { refreshAll, refreshKept, refreshModels, refreshSlots } from './refresh.ts'
import { announcement, decisions, hasSlots, type KnownSlot, problems, pulls, slots, staleSince } from './state.ts'

const topics = 'slots,pulls,activity,problems,decisions'
/** Pause after the stream was refused, milliseconds. */
const retryMs = 3000
/** Decisions come by the hundreds on a busy machine: they are shown together, this often. */
const decisionsMs = 250
const keptDecisions = 500

const change = (name: string, changed: (known: KnownSlot) => KnownSlot): void => {
  slots.value = slots.value.map((known) => (known.record.name === name ? changed(known) : known))
}

const onRecord = (record: SlotRecord): void => {
  const known = slots.value.find((one) => one.record.name === record.name)
  if (known === undefined) {
    const added = { record, config: null, progress: null, activity: null }
    slots.value = [...slots.value, added].sort((a, b) => (a.record.name < b.record.name ? -1 : 1))
    // Its configuration is not in the events.
    if (hasSlots.value) void refreshSlots()
    return
  }
  const isNews = known.record.state !== record.state
  // A new snapshot repeats events; only a changed state is announced.
  if (isNews) announcement.value = `${record.name} is ${record.state}`
  if (known.record.model !== record.model) void refreshSlots()
  change(record.name, (one) => ({ ...one, record, progress: isNews ? null : one.progress }))
}

const onPull = (pull: Pull): void => {
  const known = pulls.value.get(pull.id)
  const next = new Map(pulls.value)
  // A pull that is started again moves to the end.
  if (known !== undefined && isUnderWay(pull) && !isUnderWay(known)) next.delete(pull.id)
  pulls.value = next.set(pull.id, pull)
  if (known !== undefined && known.phase === pull.phase) return
  if (known !== undefined) announcement.value = `${pull.id}: ${pull.phase}`
  if (isUnderWay(pull)) return
  void refreshKept()
  if (pull.phase === 'done' && known !== undefined) void refreshModels()
}

let waiting: Decision[] = []

const onDecision = (decision: Decision): void => {
  waiting.push(decision)
  // The first one of them has set the timer.
  if (waiting.length > 1) return
  setTimeout(() => {
    decisions.value = [...waiting.reverse(), ...decisions.value].slice(0, keptDecisions)
    waiting = []
  }, decisionsMs)
}

const open = (): EventSource => {
  const source = new EventSource(addressOf(`/api/events?topics=${topics}`))
  const on = <T>(event: string, hear: (data: T) => void): void =>
    source.addEventListener(event, ({ data }) => batch(() => hear(JSON.parse(data) as T)))
  on<SlotRecord>('slot', onRecord)
  on<SlotProgress>('progress', (progress) =>
    // A frame of an earlier state was overtaken by the transition.
    change(progress.name, (one) => (one.record.state === progress.state ? { ...one, progress } : one)),
  )
  on<{ name: string }>('deleted', ({ name }) => {
    slots.value = slots.value.filter(({ record }) => record.name !== name)
  })
  on<SlotActivity>('activity', (activity) => change(activity.name, (one) => ({ ...one, activity })))
  on<Pull>('pull', onPull)
  on<string[]>('problems', (now) => {
    problems.value = now
  })
  on<Decision>('decision', onDecision)
  source.addEventListener('open', () => {
    staleSince.value = null
    refreshAll()
  })
  source.addEventListener('error', () => {
    staleSince.value ??= Date.now()
    if (source.readyState === EventSource.CLOSED && current === source) {
      setTimeout(() => {
        if (current === source && !document.hidden) current = open()
      }, retryMs)
    }
  })
  return source
}

let current: EventSource | null = null

/** Keeps the stream open while the page is visible. */
export const follow = (): void => {
  const settle = (): void => {
    if (document.hidden) {
      current?.close()
      current = null
    } else current ??= open()
  }
  document.addEventListener('visibilitychange', settle)
  settle()
}
