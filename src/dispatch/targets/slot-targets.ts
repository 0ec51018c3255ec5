/** The slots as targets: their backends are reached over loopback. */
import type { Hal0Error } from '../../lib/hal0-error.ts'
import type { LoadView, Requester, SlotDirectory, SlotView } from '../../slots/run/lease.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { Target, TargetLease, Targets } from './target.ts'

class SlotTarget implements Target {
  readonly name: string
  readonly slot: string
  readonly state: SlotView['state']
  readonly model: string | null
  readonly aliases: readonly string[]
  readonly load: SlotView['load']
  readonly rules: SlotView['rules']
  readonly capture: boolean
  readonly remoteMedia: boolean
  readonly mode: SlotView['mode']
  readonly requests: number
  readonly abilities: SlotView['abilities']
  readonly pid: number | null
  readonly upstream: Upstream
  readonly #slots: SlotDirectory

  constructor(view: SlotView, slots: SlotDirectory, upstream: Upstream) {
    this.name = view.name
    this.slot = view.name
    this.state = view.state
    this.model = view.model
    this.aliases = view.aliases
    this.load = view.load
    this.rules = view.rules
    this.capture = view.capture
    this.remoteMedia = view.remoteMedia
    this.mode = view.mode
    this.requests = view.requests
    this.abilities = view.abilities
    this.pid = view.pid
    this.upstream = upstream
    this.#slots = slots
  }

  acquire(client: Requester, asked: string | null): TargetLease | Promise<TargetLease> {
    return this.#slots.acquire(this.name, client, asked ?? this.name)
  }

  refusal(client: Requester): Hal0Error | null {
    return this.#slots.refusal(this.name, client)
  }

  loading(): LoadView | null {
    return this.#slots.loading(this.name)
  }
}

export class SlotTargets implements Targets {
  readonly #slots: SlotDirectory
  readonly #upstream: Upstream

  /** @param upstream the connection to their backends */
  constructor(slots: SlotDirectory, upstream: Upstream) {
    this.#slots = slots
    this.#upstream = upstream
  }

  list(): readonly Target[] {
    return this.#slots.views().map((view) => new SlotTarget(view, this.#slots, this.#upstream))
  }

  freshen(): Promise<void> | null {
    return this.#slots.freshen()
  }
}
