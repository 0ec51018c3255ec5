/** One slot on the page. It is updated in place, so that keyboard focus and selections survive its transitions. */
import type { SlotProgress, SlotRecord } from '../../src/contract/slot.ts'
import { age } from '../../src/lib/figures.ts'
import { ApiError, call } from '../api.ts'
import { element, setText } from '../dom.ts'
import { moodOf, progressFraction, progressText, type SlotVerb, verbsOf } from './slot-text.ts'

const labels: Record<SlotVerb, string> = {
  load: 'Load',
  unload: 'Unload',
  restart: 'Restart',
  cancel: 'Cancel',
  acknowledge: 'Acknowledge',
}

export class SlotCard {
  readonly root: HTMLElement
  #record: SlotRecord
  #busy = false
  readonly #badge = element('span', { class: 'badge' })
  readonly #model = element('dd')
  readonly #port = element('dd')
  readonly #since = element('dd')
  readonly #progress = element('div', { class: 'progress', hidden: true })
  readonly #progressText = element('span')
  readonly #bar: HTMLProgressElement
  readonly #failure = element('p', { class: 'failure', hidden: true })
  readonly #refusal = element('p', { class: 'refusal', role: 'alert', hidden: true })
  readonly #buttons = new Map<SlotVerb, HTMLButtonElement>()

  constructor(record: SlotRecord) {
    this.#record = record
    const titleId = `slot-${record.name}`
    const actions = element('div', { class: 'actions' })
    for (const verb of Object.keys(labels) as SlotVerb[]) {
      const button = element('button', { type: 'button', 'aria-label': `${labels[verb]} ${record.name}` }, labels[verb])
      button.addEventListener('click', () => void this.#command(verb))
      this.#buttons.set(verb, button)
      actions.append(button)
    }
    this.#bar = element('progress', { 'aria-label': `Progress of ${record.name}` })
    this.#progress.append(this.#progressText, this.#bar)
    this.root = element(
      'article',
      { class: 'card', 'aria-labelledby': titleId, tabindex: '-1' },
      element('div', { class: 'card-head' }, element('h3', { id: titleId }, record.name), this.#badge),
      element(
        'dl',
        {},
        ...[
          ['Model', this.#model],
          ['Port', this.#port],
          ['Since', this.#since],
        ].flatMap(([term, value]) => [element('dt', {}, term as string), value as HTMLElement]),
      ),
      this.#progress,
      this.#failure,
      this.#refusal,
      actions,
    )
    this.update(record)
  }

  update(record: SlotRecord): void {
    this.#record = record
    this.#badge.dataset.mood = moodOf(record.state)
    this.#badge.dataset.state = record.state
    setText(this.#badge, record.state)
    setText(this.#model, record.pull ?? record.model ?? 'none')
    setText(this.#port, String(record.port))
    this.#progress.hidden = true
    this.#failure.hidden = record.error === null
    setText(this.#failure, record.error?.message ?? '')
    this.#refuse(null)
    this.#showVerbs()
    this.tick()
  }

  progress(progress: SlotProgress): void {
    // A frame of the previous state, overtaken by the transition.
    if (progress.state !== this.#record.state) return
    this.#progress.hidden = false
    setText(this.#progressText, progressText(progress))
    const part = progressFraction(progress)
    if (part === null) this.#bar.removeAttribute('value')
    else this.#bar.value = Math.min(1, part)
  }

  /** Updates what depends on the clock. */
  tick(): void {
    const since = new Date(this.#record.since)
    setText(this.#since, `${age((Date.now() - since.getTime()) / 1000)} ago`)
    this.#since.title = since.toLocaleString()
  }

  #showVerbs(): void {
    const possible = verbsOf(this.#record.state)
    const focused = document.activeElement
    for (const [verb, button] of this.#buttons) button.hidden = !possible.includes(verb)
    if (focused instanceof HTMLButtonElement && focused.hidden && this.root.contains(focused)) this.root.focus()
  }

  #refuse(sentence: string | null): void {
    this.#refusal.hidden = sentence === null
    setText(this.#refusal, sentence ?? '')
  }

  /** Marks the buttons as busy without disabling them: that would drop the keyboard focus. */
  #markBusy(busy: boolean): void {
    this.#busy = busy
    for (const button of this.#buttons.values()) button.setAttribute('aria-disabled', String(busy))
  }

  async #command(verb: SlotVerb): Promise<void> {
    if (this.#busy) return
    this.#markBusy(true)
    try {
      await call<`${SlotVerb}Slot`>('POST', `/api/slots/${encodeURIComponent(this.#record.name)}/${verb}`)
    } catch (error) {
      this.#refuse(ApiError.from(error).message)
    } finally {
      this.#markBusy(false)
    }
  }
}
