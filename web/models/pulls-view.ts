/** The pulls, live: those under way, and those that ended otherwise than well. */
import type { Pull, PullRequest } from '../../src/contract/pull.ts'
import { isUnderWay } from '../../src/contract/pull-phase.ts'
import { call } from '../api.ts'
import { byId, setText } from '../dom.ts'
import { PullCard } from './pull-card.ts'
import { followPull } from './pull-events.ts'
import { type PullVerb, requestOf } from './pull-verbs.ts'

/**
 * Pulls that are followed at one time: as many as the daemon downloads at once, in the order in which they were asked for. A
 * browser opens six connections to a server only, for all its tabs together, and each stream keeps one.
 */
const mostStreams = 2
/** After a stream was refused. */
const retryMs = 3000

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
  /** What closes the stream, by id. */
  readonly #streams = new Map<string, () => void>()
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
    // A tab that nobody looks at keeps no connection.
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

  /** Asks for all pulls: those that began elsewhere have no other event. */
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
      const card = new PullCard(pull, { waits: false, kept: this.#keptOf(id) }, (verb, now) => this.#command(verb, now))
      this.#shown.set(id, { card, pull })
      this.#list.prepend(card.root)
    } else {
      // One that begins again is the last in the order.
      if (isUnderWay(pull) && !isUnderWay(known.pull)) this.#shown.delete(id)
      this.#shown.set(id, { card: known.card, pull })
      if (pull.phase !== known.pull.phase) setText(byId('announcements'), `${id}: ${pull.phase}`)
      if (pull.phase === 'done' && isUnderWay(known.pull)) this.#listener.onDone()
    }
    this.#follow()
  }

  #keptOf(id: string): number | null {
    return this.#kept.get(id) ?? (this.#kept.has(id) ? null : 0)
  }

  /** Opens and closes streams as the pulls need them, and brings every card up to date. */
  #follow(): void {
    const active = [...this.#shown.values()].filter(({ pull }) => isUnderWay(pull)).map(({ pull }) => pull.id)
    const first = active.slice(0, mostStreams)
    const followed = document.hidden ? [] : first
    for (const [id, close] of this.#streams) {
      if (followed.includes(id)) continue
      close()
      this.#streams.delete(id)
    }
    for (const id of followed) {
      if (!this.#streams.has(id)) this.#streams.set(id, followPull(id, this.#listenerOf(id)))
    }
    for (const [id, { card, pull }] of this.#shown) {
      card.update(pull, { waits: isUnderWay(pull) && !first.includes(id), kept: this.#keptOf(id) })
    }
  }

  #listenerOf(id: string) {
    return {
      onPull: (pull: Pull): void => {
        if (!isUnderWay(pull)) this.#kept.set(id, null)
        this.#show(pull)
        // What is kept of it, and the pull whose turn it is now.
        if (!isUnderWay(pull)) void this.refresh()
      },
      onRefused: (): void => {
        const refused = this.#streams.get(id)
        // Kept among the streams until then, so that nothing opens it again at once.
        setTimeout(() => {
          if (this.#streams.get(id) === refused) this.#streams.delete(id)
          void this.refresh()
        }, retryMs)
      },
    }
  }

  #remove(id: string): void {
    const shown = this.#shown.get(id)
    if (shown === undefined) return
    const hadFocus = shown.card.root.contains(document.activeElement)
    shown.card.root.remove()
    this.#shown.delete(id)
    this.#follow()
    if (hadFocus) this.#listener.onFocusLost()
  }

  async #command(verb: PullVerb, pull: Pull): Promise<void> {
    const { id } = pull
    if (verb === 'again') return await this.start(id, this.#requests.get(id) ?? requestOf(pull))
    if (verb === 'cancel') {
      // The stream may tell first, or not at all of a pull that waits.
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
