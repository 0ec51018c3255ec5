/** One pull on the page. It is updated in place, so that keyboard focus and selections survive its progress. */
import type { Pull } from '../../src/contract/models/pull.ts'
import { isUnderWay } from '../../src/contract/models/pull-phase.ts'
import { bytes } from '../../src/lib/figures.ts'
import { ApiError } from '../api.ts'
import { element, setText } from '../dom.ts'
import { showFailure } from '../failure.ts'
import { pullFraction, pullText, queueText } from './pull-text.ts'
import { type PullVerb, pullVerbs, pullVerbsOf, verbLabel } from './pull-verbs.ts'

const moods: Partial<Record<Pull['phase'], string>> = { done: 'good', failed: 'bad', cancelled: 'off' }

/** @param kept bytes left on the disk once it has ended; null: not known yet */
const outcome = ({ phase }: Pull, kept: number | null): string => {
  if (phase === 'done') return 'Verified; it is in the list below.'
  if (kept === null) return ''
  if (kept > 0) return `${bytes(kept)} are kept: the next try continues from there.`
  return phase === 'cancelled' ? 'Nothing of it is kept.' : ''
}

export class PullCard {
  readonly root: HTMLElement
  #pull: Pull
  #busy = false
  readonly #badge = element('span', { class: 'badge' })
  readonly #what = element('p', { class: 'quiet source' })
  readonly #progress = element('div', { class: 'progress' })
  readonly #progressText = element('span')
  readonly #bar: HTMLProgressElement
  readonly #failure = element('p', { class: 'failure', hidden: true })
  readonly #outcome = element('p', { class: 'outcome', hidden: true })
  readonly #refusal = element('p', { class: 'refusal', role: 'alert', hidden: true })
  readonly #buttons = new Map<PullVerb, HTMLButtonElement>()

  /**
   * @param kept bytes left on the disk once it has ended; null: not known yet
   * @param command carries out a verb; an error that it throws is shown
   */
  constructor(pull: Pull, kept: number | null, command: (verb: PullVerb, pull: Pull) => Promise<void>) {
    this.#pull = pull
    const titleId = `pull-${pull.id}`
    const actions = element('div', { class: 'actions' })
    for (const verb of pullVerbs) {
      const button = element('button', { type: 'button' })
      button.addEventListener('click', () => void this.#command(() => command(verb, this.#pull)))
      this.#buttons.set(verb, button)
      actions.append(button)
    }
    this.#bar = element('progress', { 'aria-label': `Progress of ${pull.id}` })
    this.#progress.append(this.#progressText, this.#bar)
    this.root = element(
      'li',
      { class: 'card', 'aria-labelledby': titleId, tabindex: '-1' },
      element('div', { class: 'card-head' }, element('h3', { id: titleId }, pull.id), this.#badge),
      this.#what,
      this.#progress,
      this.#failure,
      this.#outcome,
      this.#refusal,
      actions,
    )
    this.update(pull, kept)
  }

  /** @param kept as in the constructor */
  update(pull: Pull, kept: number | null): void {
    if (pull.phase !== this.#pull.phase) showFailure(this.#refusal, null)
    this.#pull = pull
    this.#badge.dataset.mood = moods[pull.phase] ?? 'busy'
    setText(this.#badge, pull.position === null ? pull.phase : 'waiting')
    const file = pull.file ?? pull.files[0]?.path
    setText(this.#what, file === undefined ? `from ${pull.repo}` : `${file} from ${pull.repo}`)
    this.#progress.hidden = !isUnderWay(pull)
    setText(this.#progressText, pull.position === null ? pullText(pull) : queueText(pull.position))
    const part = pullFraction(pull)
    if (part === null) this.#bar.removeAttribute('value')
    else this.#bar.value = part
    showFailure(this.#failure, pull.error)
    const said = isUnderWay(pull) ? '' : outcome(pull, kept)
    setText(this.#outcome, said)
    this.#outcome.hidden = said === ''
    this.#showVerbs(kept)
  }

  #showVerbs(kept: number | null): void {
    const possible = pullVerbsOf(this.#pull, kept)
    const focused = document.activeElement
    for (const [verb, button] of this.#buttons) {
      const label = verbLabel(verb, this.#pull.phase, kept)
      setText(button, label)
      button.setAttribute('aria-label', `${label} ${this.#pull.id}`)
      button.hidden = !possible.includes(verb)
    }
    if (focused instanceof HTMLButtonElement && focused.hidden && this.root.contains(focused)) this.root.focus()
  }

  /** Buttons are marked as busy without disabling them: that would drop the keyboard focus. */
  async #command(command: () => Promise<void>): Promise<void> {
    if (this.#busy) return
    this.#busy = true
    for (const button of this.#buttons.values()) button.setAttribute('aria-disabled', 'true')
    try {
      await command()
    } catch (error) {
      showFailure(this.#refusal, ApiError.from(error))
    } finally {
      this.#busy = false
      for (const button of this.#buttons.values()) button.setAttribute('aria-disabled', 'false')
    }
  }
}
