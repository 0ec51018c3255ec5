/** A person says what to pull: a search of the hub, what a repository offers, and the start of the pull. */
import { useSignal } from '@preact/signals'
import type { RefObject } from 'preact'
import { useRef } from 'preact/hooks'
import type { HubOffer } from '../../../src/contract/models/pull.ts'
import { ApiError } from '../../data/api.ts'
import { Button } from '../../ui/button.tsx'
import { Failure } from '../../ui/failure.tsx'
import { startPull } from '../pull-state.ts'
import { texts } from '../texts.ts'
import { askAbout, askHub, type HubAnswer } from './ask-hub.ts'
import { HitList, OfferTable } from './hub-lists.tsx'

interface AnswerProps {
  answer: HubAnswer
  choose: (repo: string) => void
  pull: (offer: HubOffer, withProjector: boolean) => void
}

const Answer = ({ answer: { hits, offers, repository }, choose, pull }: AnswerProps) => {
  const withProjector = useSignal(false)
  const projectors = repository?.mmproj ?? []
  if (hits.length > 0) return <HitList hits={hits} choose={choose} />
  if (offers.length === 0) return null
  return (
    <>
      {projectors.length > 0 && (
        <label class="choice">
          <input
            type="checkbox"
            checked={withProjector.value}
            onChange={({ currentTarget }) => {
              withProjector.value = currentTarget.checked
            }}
          />
          {texts.projector(Math.min(...projectors.map(({ size }) => size)))}
        </label>
      )}
      <OfferTable offers={offers} pull={(offer) => pull(offer, withProjector.value)} />
    </>
  )
}

export const FindModels = ({ input }: { input: RefObject<HTMLInputElement | null> }) => {
  const text = useSignal('')
  const isOpen = useSignal(false)
  const isBusy = useSignal(false)
  const answer = useSignal<HubAnswer | null>(null)
  const failure = useSignal<ApiError | null>(null)
  /** Counts questions: an answer to an older one is dropped. */
  const asked = useRef(0)
  const panel = useRef<HTMLElement>(null)

  const close = (): void => {
    asked.current++
    isOpen.value = false
    isBusy.value = false
    answer.value = null
    failure.value = null
    input.current?.focus()
  }
  const ask = async (question: () => Promise<HubAnswer>): Promise<void> => {
    const mine = ++asked.current
    isOpen.value = true
    isBusy.value = true
    failure.value = null
    answer.value = null
    try {
      const told = await question()
      if (mine === asked.current) answer.value = told
    } catch (error) {
      if (mine === asked.current) failure.value = ApiError.from(error)
    } finally {
      if (mine === asked.current) isBusy.value = false
    }
  }
  const choose = (repo: string): void => {
    text.value = repo
    void ask(() => askAbout(repo))
    panel.current?.focus()
  }
  const pull = async ({ id, file }: HubOffer, withProjector: boolean): Promise<void> => {
    const { repository, revision } = answer.value ?? {}
    if (isBusy.value || repository === null || repository === undefined) return
    const mine = asked.current
    isBusy.value = true
    failure.value = null
    try {
      const from = revision === null || revision === undefined ? {} : { revision }
      await startPull(id, { repo: repository.repo, file, ...from, ...(withProjector ? { mmproj: true } : {}) })
      if (mine === asked.current) isOpen.value = false
    } catch (error) {
      failure.value = ApiError.from(error)
    } finally {
      isBusy.value = false
    }
  }
  const said = isBusy.value && answer.value === null ? texts.asking : (answer.value?.said ?? '')
  return (
    <>
      <form
        class="pull-form"
        onSubmit={(event) => {
          event.preventDefault()
          const question = text.value.trim()
          if (question === '') close()
          else void ask(() => askHub(question))
        }}
      >
        <label for="pull-what">{texts.pull}</label>
        <div class="line">
          <input
            ref={input}
            id="pull-what"
            class="input"
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            enterkeyhint="search"
            aria-describedby="pull-hint"
            value={text.value}
            onInput={({ currentTarget }) => {
              text.value = currentTarget.value
            }}
          />
          <button type="submit" class="button first">
            {texts.look}
          </button>
        </div>
        <p id="pull-hint" class="quiet tiny">
          {texts.pullHint}
        </p>
      </form>
      <section
        ref={panel}
        id="hub"
        class="hub"
        aria-label={texts.hub}
        aria-busy={isBusy.value}
        tabIndex={-1}
        hidden={!isOpen.value}
      >
        <div class="page-head">
          <p role="status">{said}</p>
          <Button onPress={close}>{texts.close}</Button>
        </div>
        <Failure error={failure.value} urgent />
        {answer.value !== null && <Answer answer={answer.value} choose={choose} pull={pull} />}
      </section>
    </>
  )
}
