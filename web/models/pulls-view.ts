/** The pulls, live: those under way, and those that ended otherwise than well. */
import type { Pull, PullRequest } from '../../src/contract/models/pull.ts'
import { isUnderWay } from '../../src/contract/models/pull-phase.ts'
import { call } from '../api.ts'
import { byId, setText } from '../dom.ts'
import { PullCard } from './pull-card.ts'
import { followPulls } from './pull-events.ts'
import { type PullVerb, requestOf } from './pull-verbs.ts'

/** Pulls that begin elsewhere come one by one and are asked for together, milliseconds. */
const newsMs = 50

export interface PullsListener {
  /** A model has come to the registry. */
  onDone(): void
  /** The card with the keyboard focus is gone. */
  onFocusLost(): void
}

const pathOf = (id: string): string => `/api/models/${encodeURIComponent(id)}/pull`

export class PullsView {
  /** In the order in which they were asked for. */
  readonly #shown = new Map<string, { card: PullCard; pull: Pull }>()
  /** Closes the stream; null: there is none. */
  #close: (() => void) | null = null
  /** News of pulls that are not shown are to be asked for. */
  #news: ReturnType<typeof setTimeout> | undefined
  /** What was asked for on this page. */
  readonly #requests = new Map<string, PullRequest>()
  /** Ended pulls that nobody wants to see any more. */
  readonly #hidden = new Set<string>()
  /** Bytes that pulls have on the disk; null: not known yet. */
  #kept = new Map<string, number | null>()
  /** Grows with every question for all pulls: an answer to an older one comes too late. */
  #asked = 0
  readonly #list = byId('pulls')
  readonly #listener: PullsListener

  constructor(listener: PullsListener) {
    this.#listener = listener
    this.#follow()
    // A browser opens six connections to a server only, for all its tabs together: one that nobody looks at keeps none.
    document.addEventListener('visibilitychange', () => {
      this.#follow()
      if (!document.hidden) void this.refresh()
    })
  }

  /** Begins a pull and puts the keyboard focus on it. @throws ApiError */
  async start(id: string, request: PullRequest): Promise<void> {
    const pull = await call<'pullModel'>('POST', pathOf(id), request)
    this.#requests.set(id, request)
    this.#hidden.delete(id)
    this.#show(pull, true)
    this.#shown.get(id)?.card.root.focus()
    if (pull.phase === 'done') this.#listener.onDone()
    await this.refresh()
  }

  /** Asks for all pulls in their order, and for what they have on the disk. */
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
      // The lost connection that this means is shown by the stream of the slots.
      console.warn('pulls are not up to date', error)
    }
  }

  /** @param wanted also shown when it has ended well, or left nothing */
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
      // One that begins again is the last in the order.
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

  /** Keeps the stream while the page is looked at. */
  #follow(): void {
    if (document.hidden) {
      this.#close?.()
      this.#close = null
    } else this.#close ??= followPulls({ onPull: (pull) => this.#hear(pull) })
  }

  #hear(pull: Pull): void {
    const known = this.#shown.get(pull.id)
    const hasEnded = known !== undefined && !isUnderWay(pull) && isUnderWay(known.pull)
    // The order of what is new, and what an ended one has left on the disk, is asked for.
    if (known === undefined || hasEnded) {
      clearTimeout(this.#news)
      this.#news = setTimeout(() => void this.refresh(), newsMs)
    }
    if (known === undefined) return
    // An end that a command was told of already may come once more: what is left is known by then.
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
      // The stream may tell first.
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
