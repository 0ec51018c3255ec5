/** One pull. */
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { Pull } from '../../src/contract/models/pull.ts'
import { isUnderWay } from '../../src/contract/models/pull-phase.ts'
import { ApiError } from '../data/api.ts'
import { Bar } from '../ui/bar.tsx'
import { Button } from '../ui/button.tsx'
import { Failure } from '../ui/failure.tsx'
import { StateWord } from '../ui/state-word.tsx'
import { type PullVerb, pullVerbsOf, verbLabel } from '../words/pull-verbs.ts'
import { pullFraction, pullText, queueText } from '../words/pull-words.ts'
import type { Mood } from '../words/slot-words.ts'
import { commandPull, focusedPull, keptOf } from './pull-state.ts'
import { texts } from './texts.ts'

const moods: Partial<Record<Pull['phase'], Mood>> = { done: 'good', failed: 'bad', cancelled: 'off' }

/** @param kept bytes left on the disk once it has ended */
const outcome = ({ phase }: Pull, kept: number): string | null => {
  if (phase === 'done') return texts.done
  if (kept > 0) return texts.kept(kept)
  return phase === 'cancelled' ? texts.nothingKept : null
}

const sourceOf = ({ file, files, repo }: Pull): string => {
  const path = file ?? files[0]?.path
  return path === undefined ? texts.from(repo) : texts.fileFrom(path, repo)
}

const Middle = ({ pull, kept }: { pull: Pull; kept: number }) => {
  if (!isUnderWay(pull)) return <p class="outcome">{outcome(pull, kept)}</p>
  const { position, id } = pull
  return (
    <div class="progress">
      <span>{position === null ? pullText(pull) : queueText(position)}</span>
      <Bar part={pullFraction(pull)} label={`Progress of ${id}`} />
    </div>
  )
}

/** @param onGone the card is about to go, with the keyboard focus on it */
export const PullCard = ({ pull, onGone }: { pull: Pull; onGone: () => void }) => {
  const { id, phase, position, error } = pull
  const kept = keptOf(id)
  const root = useRef<HTMLLIElement>(null)
  const refusal = useSignal<ApiError | null>(null)
  const busy = useSignal(false)
  useEffect(() => {
    if (focusedPull.value !== id) return
    focusedPull.value = null
    root.current?.focus()
  })
  const command = async (verb: PullVerb): Promise<void> => {
    busy.value = true
    refusal.value = null
    try {
      const leaves = verb === 'hide' || (verb === 'discard' && phase !== 'failed')
      if (!leaves) root.current?.focus()
      await commandPull(verb, pull)
      if (leaves) onGone()
    } catch (failed) {
      refusal.value = ApiError.from(failed)
    } finally {
      busy.value = false
    }
  }
  return (
    <li ref={root} class="card" aria-labelledby={`pull-${id}`} tabIndex={-1}>
      <div class="card-head">
        <h3 id={`pull-${id}`}>{id}</h3>
        <StateWord mood={moods[phase] ?? 'busy'}>{position === null ? phase : texts.waiting}</StateWord>
      </div>
      <p class="quiet source">{sourceOf(pull)}</p>
      <Failure error={error} />
      <Middle pull={pull} kept={kept} />
      <Failure error={refusal.value} urgent />
      <div class="actions">
        {pullVerbsOf(pull, kept).map((verb) => {
          const label = verbLabel(verb, phase, kept)
          return (
            <Button key={verb} label={`${label} ${id}`} busy={busy.value} onPress={() => command(verb)}>
              {label}
            </Button>
          )
        })}
      </div>
    </li>
  )
}
