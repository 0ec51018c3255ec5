/** Finds the last load in what happened to a slot: who asked for it, what preceded it, and how long each phase took. Pure. */
import type { SlotHappening } from '../../contract/logs/why.ts'
import type { SlotState } from '../../contract/slot.ts'
import { isLoaded } from '../../slots/machine/states.ts'
import { between, clock, span } from './times.ts'

type Moment = Pick<SlotHappening, 'time'>

export interface LoadStory {
  /** The failure that it followed by itself; null: it was asked for. */
  failure: SlotHappening | null
  /** Who asked for it; null: that is not known, as of a load at the start of the daemon. */
  asked: SlotHappening | null
  pulling: SlotHappening | null
  starting: SlotHappening | null
  warming: SlotHappening | null
  /** How it ended; null: it goes on. */
  end: SlotHappening | null
}

const isLoading = (state: SlotState | null): boolean =>
  state === 'pulling' || state === 'starting' || state === 'warming'

/** @param events of one slot, oldest first @returns null if there is no load among them */
export const lastLoad = (events: readonly SlotHappening[]): LoadStory | null => {
  const last = events.findLastIndex(({ what, state }) => what === 'state' && isLoading(state))
  if (last < 0) return null
  let first = last
  const story: LoadStory = { failure: null, asked: null, pulling: null, starting: null, warming: null, end: null }
  for (let at = last; at >= 0; at--) {
    const event = events[at]
    if (event === undefined || event.what !== 'state') continue
    if (!isLoading(event.state)) break
    if (event.state === 'pulling') story.pulling = event
    else if (event.state === 'starting') story.starting = event
    else story.warming ??= event
    first = at
  }
  story.end = events.slice(last + 1).find(({ what }) => what === 'state') ?? null
  // What came before it, back to when the slot was last well.
  for (let at = first - 1; at >= 0; at--) {
    const event = events[at]
    if (event === undefined) break
    if (event.what === 'asked') story.asked ??= event
    else if (event.state === 'error') {
      story.failure = event
      break
    } else if (event.state !== null && isLoaded(event.state)) break
  }
  return story
}

/** e.g. `Request 1f0c of 192.168.1.7` */
export const asker = ({ text, request_id, caller }: SlotHappening): string =>
  text === 'request' ? `Request ${request_id} of ${caller}` : `${caller ?? 'Somebody'} (request ${request_id})`

/** e.g. `asked to restart it` */
export const askedFor = ({ text, model }: SlotHappening): string => {
  if (text === 'request') return 'needed it loaded'
  if (text === 'swap') return `asked for ${model ?? 'another model'} in it`
  return `asked to ${text} it`
}

const cause = ({ failure, asked }: LoadStory, now: number): string[] => {
  if (asked !== null) return [`${asker(asked)} ${askedFor(asked)} at ${clock(asked.time, now)}.`]
  if (failure === null) return []
  return [`It was loaded again by itself, since it had failed at ${clock(failure.time, now)}: ${failure.text}`]
}

/**
 * What is known about the load, as sentences.
 * @param loadedAt when it ended for a request that waited for it, milliseconds since the Unix epoch: a request is served before the
 *   record of that is on the disk
 */
export const loadSentences = (story: LoadStory, now: number, loadedAt: number | null = null): string[] => {
  const { pulling, starting, warming } = story
  const end = story.end ?? (loadedAt === null ? null : { time: new Date(loadedAt).toISOString() })
  const sentences = cause(story, now)
  const next = (...later: (Moment | null)[]): Moment | null => later.find((one) => one !== null) ?? null
  const phase = (from: Moment | null, to: Moment | null, past: string, present: string): void => {
    if (from === null) return
    if (to !== null) sentences.push(`${past} took ${span(between(from, to))}.`)
    else sentences.push(`${present} since ${clock(from.time, now)}, for ${span(now - Date.parse(from.time))} now.`)
  }
  const model = pulling?.model ?? warming?.model ?? 'its model'
  phase(pulling, next(starting, warming, end), `Downloading ${model}`, `${model} is being downloaded`)
  phase(starting, next(warming, end), 'Starting its process', 'Its process is starting')
  phase(warming, end, `Loading ${model} into memory`, `${model} is being loaded into memory`)
  return sentences
}
