/** Where a person says what to pull: searches the hub, lists what a repository offers, and begins the pull. */
import type { HubRepository, PullRequest } from '../../src/contract/pull.ts'
import { ApiError, call } from '../api.ts'
import { byId, element, setText } from '../dom.ts'
import { showFailure } from '../failure.ts'
import { bytes } from '../words.ts'
import { hitList, type Offer, offerTable } from './hub-lists.ts'
import { parseTyped, type TypedRepository } from './hub-reference.ts'

/** What is shown of an answer. */
interface Answer {
  said: string
  parts: Node[]
}

const wantedOf = (models: readonly Offer[], wanted: NonNullable<TypedRepository['wanted']>): Offer[] =>
  models.filter(({ file, quantization }) =>
    'file' in wanted ? file === wanted.file : quantization === wanted.quantization.toUpperCase(),
  )

export class PullForm {
  readonly #start: (id: string, request: PullRequest) => Promise<void>
  readonly #input = byId('pull-what') as HTMLInputElement
  readonly #panel = byId('hub')
  readonly #said = element('p', { class: 'said', role: 'status' })
  readonly #failure = element('p', { class: 'refusal', role: 'alert', hidden: true })
  readonly #parts = element('div')
  /** Grows with every question: an answer to an older one comes too late. */
  #asked = 0

  /** @param start begins a pull; what it throws is shown */
  constructor(start: (id: string, request: PullRequest) => Promise<void>) {
    this.#start = start
    const close = element('button', { type: 'button' }, 'Close')
    close.addEventListener('click', () => this.#close())
    this.#panel.append(element('div', { class: 'hub-head' }, this.#said, close), this.#failure, this.#parts)
    byId('pull-form').addEventListener('submit', (event) => {
      event.preventDefault()
      const text = this.#input.value.trim()
      if (text === '') return this.#close()
      const typed = parseTyped(text)
      void this.#show(() => (typed === null ? this.#search(text) : this.#repository(typed)))
    })
  }

  focus(): void {
    this.#input.focus()
  }

  /** Lists the models of a repository that the hub or the daemon named. */
  choose(repo: string): void {
    this.#input.value = repo
    const slash = repo.indexOf('/')
    const [owner, name] = [repo.slice(0, slash), repo.slice(slash + 1)]
    void this.#show(() => this.#repository({ owner, name, revision: null, wanted: null }))
    this.#panel.focus()
  }

  #close(): void {
    this.#asked++
    this.#panel.hidden = true
    this.#panel.setAttribute('aria-busy', 'false')
    this.#parts.replaceChildren()
    this.#input.focus()
  }

  async #show(ask: () => Promise<Answer>): Promise<void> {
    const asked = ++this.#asked
    this.#panel.hidden = false
    this.#panel.setAttribute('aria-busy', 'true')
    showFailure(this.#failure, null)
    setText(this.#said, 'Asking the hub…')
    this.#parts.replaceChildren()
    try {
      const { said, parts } = await ask()
      if (asked !== this.#asked) return
      setText(this.#said, said)
      this.#parts.replaceChildren(...parts)
    } catch (error) {
      if (asked !== this.#asked) return
      setText(this.#said, '')
      showFailure(this.#failure, ApiError.from(error))
    } finally {
      if (asked === this.#asked) this.#panel.setAttribute('aria-busy', 'false')
    }
  }

  async #search(words: string): Promise<Answer> {
    const hits = await call<'searchHub'>('GET', `/api/hub/models?q=${encodeURIComponent(words)}`)
    if (hits.length === 0) return { said: `No repository at the hub with GGUF models fits “${words}”.`, parts: [] }
    const said = `Repositories at the hub for “${words}”, the most downloaded first. Choose one.`
    return { said, parts: [hitList(hits, (repo) => this.choose(repo))] }
  }

  async #repository({ owner, name, revision, wanted }: TypedRepository): Promise<Answer> {
    const query = revision === null ? '' : `?revision=${encodeURIComponent(revision)}`
    const path = `/api/hub/models/${encodeURIComponent(owner)}/${encodeURIComponent(name)}${query}`
    const repository = await call<'showHubRepository'>('GET', path)
    const { repo, models, gated } = repository
    if (models.length === 0) return { said: `${repo} has no GGUF model that is whole.`, parts: [] }
    const found = wanted === null ? models : wantedOf(models, wanted)
    const missing = wanted === null || found.length > 0 ? null : 'file' in wanted ? wanted.file : wanted.quantization
    const said = [
      missing === null ? `Models of ${repo}.` : `${repo} has no ${missing}. It has these:`,
      ...(gated ? ['It is gated: its owner has to give access first.'] : []),
    ]
    const projector = this.#projector(repository)
    const table = offerTable(found.length > 0 ? found : models, (offer) => {
      const request = { repo, file: offer.file, ...(revision === null ? {} : { revision }) }
      void this.#pull(offer.id, projector.isWanted() ? { ...request, mmproj: true } : request)
    })
    return { said: said.join(' '), parts: [...projector.parts, table] }
  }

  /** Models that see come with a projector; the smallest stands for what it costs. */
  #projector({ mmproj }: HubRepository): { parts: Node[]; isWanted: () => boolean } {
    if (mmproj.length === 0) return { parts: [], isWanted: () => false }
    const box = element('input', { type: 'checkbox' })
    const size = bytes(Math.min(...mmproj.map((one) => one.size)))
    const label = element('label', { class: 'choice' }, box, `Bring the vision projector along, from ${size}`)
    return { parts: [label], isWanted: () => box.checked }
  }

  async #pull(id: string, request: PullRequest): Promise<void> {
    if (this.#panel.getAttribute('aria-busy') === 'true') return
    const asked = this.#asked
    this.#panel.setAttribute('aria-busy', 'true')
    showFailure(this.#failure, null)
    try {
      await this.#start(id, request)
      if (asked === this.#asked) this.#panel.hidden = true
    } catch (error) {
      showFailure(this.#failure, ApiError.from(error))
    } finally {
      this.#panel.setAttribute('aria-busy', 'false')
    }
  }
}
