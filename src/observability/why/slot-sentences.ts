/** Why a slot is in the state that it is in, in sentences. Pure. */
import type { SlotHappening } from '../../contract/logs/why.ts'
import type { SlotState } from '../../contract/slot.ts'
import { isLoaded } from '../../slots/machine/states.ts'
import { askedFor, asker, type LoadStory, lastLoad, loadSentences } from './load-story.ts'
import { clock, span } from './times.ts'

export interface SlotNow {
  name: string
  state: SlotState
  model: string | null
  load: 'manual' | 'on-demand'
  inFlight: number
  waiting: number
}

const waits = ({ inFlight, waiting }: SlotNow): string[] => [
  ...(inFlight > 0 ? [`${inFlight} ${inFlight === 1 ? 'request is' : 'requests are'} at its backend.`] : []),
  ...(waiting > 0 ? [`${waiting} ${waiting === 1 ? 'request waits' : 'requests wait'}.`] : []),
]

const lastState = (events: readonly SlotHappening[], state: SlotState): SlotHappening | null =>
  events.findLast((event) => event.what === 'state' && event.state === state) ?? null

/** The command that an event followed; null: none is near enough before it. */
const commandBefore = (events: readonly SlotHappening[], event: SlotHappening): SlotHappening | null => {
  const before = events.slice(0, events.indexOf(event)).at(-1)
  return before?.what === 'asked' ? before : null
}

const commandSentence = (command: SlotHappening | null, now: number): string[] =>
  command === null ? [] : [`${asker(command)} ${askedFor(command)} at ${clock(command.time, now)}.`]

const loadedSince = ({ end }: LoadStory, now: number): string => {
  // The record of it is not on the disk yet.
  if (end === null) return ', loaded a moment ago'
  return end.state !== null && isLoaded(end.state) ? `, loaded since ${clock(end.time, now)}` : ''
}

const loaded = (slot: SlotNow, events: readonly SlotHappening[], now: number): string[] => {
  const story = lastLoad(events)
  const { name, model, state } = slot
  const what =
    state === 'idle' ? 'is loaded, and has had no request for a while' : state === 'serving' ? 'is serving' : 'is ready'
  return [
    `Slot ${name} ${what}${story === null ? '' : loadedSince(story, now)}, with ${model ?? 'no model'}.`,
    ...(story === null ? [] : loadSentences(story, now, now)),
    ...waits(slot),
  ]
}

const loading = (slot: SlotNow, events: readonly SlotHappening[], now: number): string[] => {
  const story = lastLoad(events)
  const what = slot.state === 'pulling' ? 'waits for its model' : 'is loading'
  const next =
    slot.state === 'pulling'
      ? 'Requests are refused until it is here. Watch it: hal0 pulls --watch'
      : `Requests wait for it. Watch it: hal0 slot watch ${slot.name}`
  return [`Slot ${slot.name} ${what}.`, ...(story === null ? [] : loadSentences(story, now)), ...waits(slot), next]
}

const offline = (slot: SlotNow, events: readonly SlotHappening[], now: number): string[] => {
  const { name, load, model } = slot
  const event = lastState(events, 'offline')
  // What the slot left last: it was unloaded, or it failed and that was acknowledged.
  const left = event === null ? -1 : events.indexOf(event) - 1
  const unloading = events[left]?.state === 'unloading' ? events[left] : undefined
  const failure = events.slice(0, left + 1).findLast(({ what }) => what === 'state')
  const command =
    event === null ? null : commandBefore(events, unloading ?? (failure?.state === 'error' ? failure : event))
  const how = [
    ...(event === null
      ? [`Slot ${name} is offline: it has not been loaded yet.`]
      : [`Slot ${name} is offline since ${clock(event.time, now)}: ${(unloading ?? event).text}.`]),
    ...(failure?.state !== 'error'
      ? []
      : [`Before that, at ${clock(failure.time, now)}, it failed (${failure.code}): ${failure.text}`]),
    ...commandSentence(command, now),
  ]
  const next =
    model === null
      ? `It has no model. Give it one: hal0 slot swap ${name} --model MODEL`
      : load === 'on-demand'
        ? 'Its next request loads it.'
        : `Requests for it are refused until it is loaded: hal0 slot load ${name}`
  return [...how, next]
}

const failed = (slot: SlotNow, events: readonly SlotHappening[], now: number): string[] => {
  const { name } = slot
  const event = lastState(events, 'error')
  if (event === null) return [`Slot ${name} is in error. More: hal0 slot show ${name}`]
  const story = lastLoad(events.slice(0, events.indexOf(event) + 1))
  const during = story?.end === event ? loadSentences(story, now) : []
  return [
    `Slot ${name} is in error since ${clock(event.time, now)} (${event.code ?? 'no code'}): ${event.text}`,
    ...during,
    ...(event.said === null ? [] : [`Its backend said last: ${event.said}`]),
    `All that it printed: hal0 slot logs ${name}`,
    `Once the cause is mended, load it again: hal0 slot load ${name}`,
  ]
}

/** @param events of the slot, oldest first */
export const slotSentences = (slot: SlotNow, events: readonly SlotHappening[], now: number): string[] => {
  switch (slot.state) {
    case 'ready':
    case 'serving':
    case 'idle':
      return loaded(slot, events, now)
    case 'pulling':
    case 'starting':
    case 'warming':
      return loading(slot, events, now)
    case 'offline':
      return offline(slot, events, now)
    case 'error':
      return failed(slot, events, now)
    case 'unloading': {
      const event = lastState(events, 'unloading')
      const command = event === null ? null : commandBefore(events, event)
      const why = event === null ? '' : `, for ${span(now - Date.parse(event.time))} now: ${event.text}`
      return [`Slot ${slot.name} is being unloaded${why}.`, ...commandSentence(command, now)]
    }
  }
}
