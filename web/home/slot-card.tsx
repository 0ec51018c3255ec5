/** One slot at a glance. */
import { bytes } from '../../src/lib/figures.ts'
import { now } from '../data/clock.ts'
import { decisions, type KnownSlot, models } from '../data/state.ts'
import { linkTo } from '../shell/router.ts'
import { refusalOf } from '../slot/command.ts'
import { SlotVerbs } from '../slot/slot-verbs.tsx'
import { Ago } from '../ui/ago.tsx'
import { Bar } from '../ui/bar.tsx'
import { Failure } from '../ui/failure.tsx'
import { useKeepFocus } from '../ui/keep-focus.ts'
import { StateWord } from '../ui/state-word.tsx'
import { moodOf, progressFraction, shortProgress } from '../words/slot-words.ts'
import { needsOf } from './memory.ts'
import { texts } from './texts.ts'

/** How long the speed of an answer is shown, milliseconds. */
const speedMs = 60_000

/** Tokens a second of the last answer; null: it is too long ago. */
const speedOf = (name: string): number | null => {
  const last = decisions.value.find(({ slot, tokens_per_second }) => slot === name && tokens_per_second !== null)
  if (last === undefined) return null
  const ended = Date.parse(last.time) + last.duration_ms
  return now.value - ended > speedMs ? null : last.tokens_per_second
}

const Figures = ({ slot: { record, activity } }: { slot: KnownSlot }) => {
  const speed = speedOf(record.name)
  const needs = needsOf(record.model, models.value)
  return (
    <dl class="figures">
      <div>
        <dt title={texts.tokensHint}>{texts.tokensPerSecond}</dt>
        <dd>{speed === null ? texts.unknown : speed.toFixed(speed < 10 ? 1 : 0)}</dd>
      </div>
      <div>
        <dt>{texts.inFlight}</dt>
        <dd>{activity === null ? texts.unknown : texts.inFlightValue(activity.in_flight, activity.waiting)}</dd>
      </div>
      <div>
        <dt title={texts.needsHint}>{texts.needs}</dt>
        <dd>{needs === null ? texts.unknown : bytes(needs)}</dd>
      </div>
    </dl>
  )
}

const Progress = ({ slot: { record, progress } }: { slot: KnownSlot }) => (
  <div class="progress">
    <span>{progress === null ? ' ' : shortProgress(progress)}</span>
    <Bar part={progress === null ? null : progressFraction(progress)} label={`Progress of ${record.name}`} />
  </div>
)

/** What there is to say in this state; always about as high, so that nothing jumps. */
const Middle = ({ slot }: { slot: KnownSlot }) => {
  const { error, state } = slot.record
  if (error !== null) return <Failure error={error} />
  return moodOf(state) === 'busy' ? <Progress slot={slot} /> : <Figures slot={slot} />
}

export const SlotCard = ({ slot }: { slot: KnownSlot }) => {
  const { name, state, since, model, pull, seq } = slot.record
  const id = `slot-${name}`
  return (
    <article class="card" aria-labelledby={id} {...useKeepFocus(state)}>
      <div class="card-head">
        <h3 id={id}>
          <a href={linkTo('slots', name)}>{name}</a>
        </h3>
        <span class="actions">
          <StateWord mood={moodOf(state)}>{state}</StateWord>
          <Ago since={since} />
        </span>
      </div>
      <p class="model">{pull ?? model ?? texts.noModel}</p>
      {slot.config?.capture === true && <p class="quiet">{texts.captured}</p>}
      <Middle slot={slot} />
      <Failure error={refusalOf(name, seq)} urgent />
      <div class="actions">
        <SlotVerbs slot={slot} />
        {state === 'error' && (
          <a class="button" href={linkTo('slots', name, 'log')} aria-label={texts.logOf(name)}>
            {texts.log}
          </a>
        )}
      </div>
    </article>
  )
}
