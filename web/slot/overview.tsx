/** What happened to the slot and why, and its last requests. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Happening, Why } from '../../src/contract/logs/why.ts'
import { duration, milliseconds, timeOfDay } from '../../src/lib/figures.ts'
import { ApiError, call } from '../data/api.ts'
import { decisions, type KnownSlot } from '../data/state.ts'
import { Failure } from '../ui/failure.tsx'
import { texts } from './texts.ts'

const shownTransitions = 8
const shownRequests = 8

interface Transition extends Happening {
  /** Seconds until the next one; null: it is the last. */
  lasted: number | null
}

/** The last transitions with how long each state lasted, newest first. */
const transitionsOf = (events: readonly Happening[]): Transition[] => {
  const states = events.filter(({ what }) => what === 'state')
  return states
    .map((event, at) => {
      const next = states[at + 1]
      return { ...event, lasted: next === undefined ? null : (Date.parse(next.time) - Date.parse(event.time)) / 1000 }
    })
    .reverse()
    .slice(0, shownTransitions)
}

const Transitions = ({ events }: { events: readonly Happening[] }) => {
  const transitions = transitionsOf(events)
  if (transitions.length === 0) return <p class="empty">{texts.nothingHappened}</p>
  return (
    <ol class="timeline">
      {transitions.map(({ time, state, text, said, lasted }) => (
        <li key={time + state}>
          <time class="quiet" dateTime={time} title={new Date(time).toLocaleString()}>
            {timeOfDay(time)}
          </time>
          <span>
            <b>{state}</b> <span class="quiet">{text}</span>
            {said !== null && <code class="said">{said}</code>}
          </span>
          <span class="quiet">{lasted === null ? '' : texts.until(duration(lasted))}</span>
        </li>
      ))}
    </ol>
  )
}

const Requests = ({ name }: { name: string }) => {
  const recent = decisions.value.filter(({ slot }) => slot === name).slice(0, shownRequests)
  if (recent.length === 0) return <p class="empty">{texts.noRequests}</p>
  return (
    <ol class="timeline">
      {recent.map(({ id, time, path, status, outcome, duration_ms, tokens_per_second, message }) => (
        <li key={id}>
          <time class="quiet" dateTime={time} title={new Date(time).toLocaleString()}>
            {timeOfDay(time)}
          </time>
          <span>
            {path} <span class="quiet">{outcome === 'ok' ? status : `${status} ${outcome}`}</span>
            {message !== null && <span class="said quiet">{message}</span>}
          </span>
          <span class="quiet">
            {tokens_per_second === null ? '' : `${tokens_per_second.toFixed(1)} tokens/s · `}
            {milliseconds(duration_ms)}
          </span>
        </li>
      ))}
    </ol>
  )
}

/** The decisions of before the page was opened. */
const fetchRequests = async (slot: string): Promise<void> => {
  const earlier = await call('listDecisions', { query: { slot, limit: shownRequests } })
  const known = new Set(decisions.value.map(({ id }) => id))
  decisions.value = [...decisions.value, ...earlier.filter(({ id }) => !known.has(id))].sort((a, b) => b.id - a.id)
}

export const Overview = ({ slot: { record } }: { slot: KnownSlot }) => {
  const { name, seq } = record
  const why = useSignal<Why | null>(null)
  const failure = useSignal<ApiError | null>(null)
  useEffect(() => {
    let isCurrent = true
    call('why', { query: { slot: name } }).then(
      (told) => {
        if (isCurrent) why.value = told
      },
      (error: unknown) => {
        if (isCurrent) failure.value = ApiError.from(error)
      },
    )
    return () => {
      isCurrent = false
    }
  }, [name, seq])
  useEffect(() => {
    fetchRequests(name).catch((error: unknown) => {
      failure.value = ApiError.from(error)
    })
  }, [name])
  return (
    <div class="columns">
      <div>
        <section>
          <h2>{texts.happened}</h2>
          {why.value !== null && <Transitions events={why.value.events} />}
        </section>
        <section class="section">
          <h2>{texts.requests}</h2>
          <Requests name={name} />
        </section>
      </div>
      <section>
        <h2>{texts.why}</h2>
        <Failure error={failure.value} />
        <div class="sentences">
          {why.value?.sentences.map((sentence) => (
            <p key={sentence}>{sentence}</p>
          ))}
        </div>
      </section>
    </div>
  )
}
