/** The form in which a person says what to pull: searches the hub, lists what a repository offers, and starts the pull. */
import type { HubReference, HubRepository, PullRequest } from '../../src/contract/models/pull.ts'
import { bytes } from '../../src/lib/figures.ts'
import { ApiError, call } from '../api.ts'
import { byId, element, setText } from '../dom.ts'
import { showFailure } from '../failure.ts'
import { hitList, offerTable } from './hub-lists.ts'

/** An answer as it is shown. */
interface Answer {
  said: string
  parts: Node[]
}

/** A reference that the daemon found in the text, with a repository. */
type Named = HubReference & { repo: string }

const isNamed = (reference: HubReference): reference is Named => reference.repo !== null

/** The requested part of the repository, in words; null: the whole repository. */
const askedFor = ({ file, folder }: Named): string | null =>
  file?.replace(/^:/, '') ?? (folder === null ? null : `${folder}/`)

const addressOf = ({ repo, ...rest }: Named): string => {
  const query = new URLSearchParams()
  for (const [key, value] of Object.entries(rest)) if (value !== null) query.set(key, value)
  return `/api/hub/models/${repo.split('/').map(encodeURIComponent).join('/')}?${query}`
}

export class PullForm {
  readonly #start: (id: string, request: PullRequest) => Promise<void>
  readonly #input = byId('pull-what') as HTMLInputElement
  readonly #panel = byId('hub')
  readonly #said = element('p', { class: 'said', role: 'status' })
  readonly #failure = element('p', { class: 'refusal', role: 'alert', hidden: true })
  readonly #parts = element('div')
  /** Counts requests: an answer to an older one is dropped. */
  #asked = 0

  /** @param start starts a pull; an error that it throws is shown */
  constructor(start: (id: string, request: PullRequest) => Promise<void>) {
    this.#start = start
    const close = element('button', { type: 'button' }, 'Close')
    close.addEventListener('click', () => this.#close())
    this.#panel.append(element('div', { class: 'hub-head' }, this.#said, close), this.#failure, this.#parts)
    byId('pull-form').addEventListener('submit', (event) => {
      event.preventDefault()
      const text = this.#input.value.trim()
      if (text === '') return this.#close()
      void this.#show(() => this.#find(text))
    })
  }

  focus(): void {
    this.#input.focus()
  }

  /** Lists the models of a repository that the hub or the daemon named. */
  #choose(repo: string): void {
    this.#input.value = repo
    void this.#show(() => this.#repository({ repo, revision: null, file: null, folder: null }))
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

  /** The daemon parses the text: it knows how models are named and which mirrors are in use. */
  async #find(text: string): Promise<Answer> {
    const path = `/api/hub/reference?text=${encodeURIComponent(text)}`
    const reference = await call<'readHubReference'>('GET', path)
    return isNamed(reference) ? await this.#repository(reference) : await this.#search(text)
  }

  async #search(words: string): Promise<Answer> {
    const hits = await call<'searchHub'>('GET', `/api/hub/models?q=${encodeURIComponent(words)}`)
    if (hits.length === 0) return { said: `No repository at the hub with GGUF models fits “${words}”.`, parts: [] }
    const said = `Repositories at the hub for “${words}”, the most downloaded first. Choose one.`
    return { said, parts: [hitList(hits, (repo) => this.#choose(repo))] }
  }

  async #repository(named: Named): Promise<Answer> {
    try {
      return this.#offers(named, await call<'showHubRepository'>('GET', addressOf(named)))
    } catch (error) {
      // The repository does not have what was asked for, but has other models.
      const asked = askedFor(named)
      if (asked === null || !(error instanceof ApiError) || !Array.isArray(error.details.models)) throw error
      const all = { ...named, file: null, folder: null }
      const answer = this.#offers(all, await call<'showHubRepository'>('GET', addressOf(all)))
      // If shards are missing, the daemon's own message says which.
      return {
        ...answer,
        said: 'missing' in error.details ? error.message : `${named.repo} has no ${asked}. It has these:`,
      }
    }
  }

  #offers(named: Named, repository: HubRepository): Answer {
    const { repo, models, wanted, gated, problem } = repository
    const asked = askedFor(named)
    const shown = asked === null ? models : wanted
    if (shown.length === 0) return { said: `${repo} has no complete GGUF model.`, parts: [] }
    const said = [
      ...(problem === null ? [] : [`${problem} This is what is here of the repository.`]),
      asked !== null && wanted.length > 1
        ? `${repo} has several models for ${asked}. Choose one.`
        : `Models of ${repo}.`,
      ...(gated ? ['It is gated: its owner has to grant access first.'] : []),
    ]
    const projector = this.#projector(repository)
    const { revision } = named
    const table = offerTable(shown, (offer) => {
      const request = { repo, file: offer.file, ...(revision === null ? {} : { revision }) }
      void this.#pull(offer.id, projector.isWanted() ? { ...request, mmproj: true } : request)
    })
    return { said: said.join(' '), parts: [...projector.parts, table] }
  }

  /** Vision models need a projector; the size shown is that of the smallest one. */
  #projector({ mmproj }: HubRepository): { parts: Node[]; isWanted: () => boolean } {
    if (mmproj.length === 0) return { parts: [], isWanted: () => false }
    const box = element('input', { type: 'checkbox' })
    const size = bytes(Math.min(...mmproj.map((one) => one.size)))
    const label = element('label', { class: 'choice' }, box, `Also fetch the vision projector, from ${size}`)
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
