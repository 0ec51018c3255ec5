/** The pulls, live: those under way, and those that failed or were cancelled. */
import type { Pull, PullRequest } from '../../src/contract/models/pull.ts'
import { isUnderWay } from '../../src/contract/models/pull-phase.ts'
import { call } from '../api.ts'
import { byId, setText } from '../dom.ts'
import { PullCard } from './pull-card.ts'
import { followPulls } from './pull-events.ts'
import { type PullVerb, requestOf } from './pull-verbs.ts'

/** Pulls started elsewhere are announced one by one and then fetched together after this pause, milliseconds. */
const newsMs = 50

export interface PullsListener {
  /** A model was added to the registry. */
  onDone(): void
  /** The card with the keyboard focus is gone. */
  onFocusLost(): void
}

const pathOf = (id: string): string => `/api/models/${encodeURIComponent(id)}/pull`

export class PullsView {
  /** In the order in which they were requested. */
  readonly #shown = new Map<string, { card: PullCard; pull: Pull }>()
  /** Closes the stream; null: no stream is open. */
  #close: (() => void) | null = null
  /** Timer of the next refresh, set when something was announced that has to be fetched. */
  #news: ReturnType<typeof setTimeout> | undefined
  /** Requests made on this page. */
  readonly #requests = new Map<string, PullRequest>()
  /** Ended pulls that the user has hidden. */
  readonly #hidden = new Set<string>()
  /** Bytes that pulls have left on the disk; null: not known yet. */
  #kept = new Map<string, number | null>()
  /** Counts requests for all pulls: an answer to an older one is dropped. */
  #asked = 0
  readonly #list = byId('pulls')
  readonly #listener: PullsListener

  constructor(listener: PullsListener) {
    this.#listener = listener
    this.#follow()
    // A browser opens only six connections to a server, for all its tabs together: a hidden tab keeps none.
    document.addEventListener('visibilitychange', () => {
      this.#follow()
      if (!document.hidden) void this.refresh()
    })
  }

  /** Starts a pull and puts the keyboard focus on it. @throws ApiError */
  async start(id: string, request: PullRequest): Promise<void> {
    const pull = await call<'pullModel'>('POST', pathOf(id), request)
    this.#requests.set(id, request)
    this.#hidden.delete(id)
    this.#show(pull, true)
    this.#shown.get(id)?.card.root.focus()
    if (pull.phase === 'done') this.#listener.onDone()
    await this.refresh()
  }

  /** Fetches all pulls in their order, and what they have left on the disk. */
  async refresh(): Promise<void> {
    const asked = ++this.#asked
    try {
      const [pulls, leftovers] = await Promise.all([
        call<'listPulls'>('GET', '/api/pulls'),
        call<'listPullLeftovers'>('GET', '/api/pulls/leftovers'),
      ])
      if (asked !== this.#asked) return
      const ofPulls = leftovers.filter(({ kind }) => kind === 'pull')
      this.#kept = new Map(ofPulls.map(({ id, bytes }) => [id, bytes]))
      for (const id of this.#shown.keys()) if (!pulls.some((pull) => pull.id === id)) this.#remove(id)
      for (const pull of pulls.toReversed()) this.#show(pull)
    } catch (error) {
      // This means a lost connection, which the stream of the slots shows.
      console.warn('pulls are not up to date', error)
    }
  }

  /** @param wanted show it even if it has succeeded or left nothing */
  #show(pull: Pull, wanted = false): void {
    const { id } = pull
    const known = this.#shown.get(id)
    if (isUnderWay(pull)) this.#hidden.delete(id)
    if (known === undefined) {
      const isNews = pull.phase !== 'done' && (pull.phase !== 'cancelled' || this.#keptOf(id) !== 0)
      if (this.#hidden.has(id) || !(wanted || isNews)) return
      const card = new PullCard(pull, this.#keptOf(id), (verb, now) => this.#command(verb, now))
      this.#shown.set(id, { card, pull })
      this.#list.prepend(card.root)
    } else {
      // A pull that is started again moves to the end.
      if (isUnderWay(pull) && !isUnderWay(known.pull)) this.#shown.delete(id)
      this.#shown.set(id, { card: known.card, pull })
      if (pull.phase !== known.pull.phase) setText(byId('announcements'), `${id}: ${pull.phase}`)
      if (pull.phase === 'done' && isUnderWay(known.pull)) this.#listener.onDone()
    }
    this.#shown.get(id)?.card.update(pull, this.#keptOf(id))
  }

  #keptOf(id: string): number | null {
    return this.#kept.get(id) ?? (this.#kept.has(id) ? null : 0)
  }

  /** Keeps the stream open while the page is visible. */
  #follow(): void {
    if (document.hidden) {
      this.#close?.()
      this.#close = null
    } else this.#close ??= followPulls({ onPull: (pull) => this.#hear(pull) })
  }

  #hear(pull: Pull): void {
    const known = this.#shown.get(pull.id)
    const hasEnded = known !== undefined && !isUnderWay(pull) && isUnderWay(known.pull)
    // The position of a new pull, and what an ended one has left on the disk, has to be fetched.
    if (known === undefined || hasEnded) {
      clearTimeout(this.#news)
      this.#news = setTimeout(() => void this.refresh(), newsMs)
    }
    if (known === undefined) return
    // The stream may repeat an end that a command has already reported. Then `kept` is known and must stay.
    if (hasEnded) this.#kept.set(pull.id, null)
    this.#show(pull)
  }

  #remove(id: string): void {
    const shown = this.#shown.get(id)
    if (shown === undefined) return
    const hadFocus = shown.card.root.contains(document.activeElement)
    shown.card.root.remove()
    this.#shown.delete(id)
    if (hadFocus) this.#listener.onFocusLost()
  }

  async #command(verb: PullVerb, pull: Pull): Promise<void> {
    const { id } = pull
    if (verb === 'again') return await this.start(id, this.#requests.get(id) ?? requestOf(pull))
    if (verb === 'cancel') {
      // The stream may report the end before the answer comes.
      this.#kept.set(id, null)
      this.#show(await call<'cancelPull'>('DELETE', pathOf(id)))
      return await this.refresh()
    }
    if (verb === 'discard') {
      await call<'cancelPull'>('DELETE', `${pathOf(id)}?discard=true`)
      setText(byId('announcements'), `${id}: discarded`)
      if (pull.phase === 'failed') return await this.refresh()
    }
    this.#hidden.add(id)
    this.#remove(id)
  }
}
