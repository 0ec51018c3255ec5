/** Something that answers requests for a model: a slot today. Something without a slot (another machine) is another `Target`. */
import type { SlotState } from '../../contract/slot.ts'
import type { Hal0Error } from '../../lib/hal0-error.ts'
import type { Lease, LoadView, Requester, SlotView } from '../../slots/run/lease.ts'
import type { Upstream } from '../upstream/upstream.ts'

/** A copy of its state for routing; only `acquire` decides. */
export interface TargetView
  extends Pick<SlotView, 'name' | 'aliases' | 'load' | 'rules' | 'mode' | 'requests' | 'abilities' | 'pid'> {
  /** Name of the slot; null: it is not a slot. */
  readonly slot: string | null
  /** null: it has no states, and can be asked at any time. */
  readonly state: SlotState | null
  /** The model that answers: the ref of a slot's model, or the name of another target's model. */
  readonly model: string | null
}

/** Permission to send one request. */
export interface TargetLease extends Omit<Lease, 'met'> {
  /** The state that the request met. */
  readonly met: SlotState | null
}

export interface Target extends TargetView {
  /** Whether its backend may fetch media that a request names by address. */
  readonly remoteMedia: boolean
  /** The connection to its backend. */
  readonly upstream: Upstream
  /** Prompts and answers are kept. */
  readonly capture: boolean
  /**
   * Gets a place at its backend. Synchronous (not a promise) if a place is free, so that the common path costs no turn of the event loop.
   * @param client when it leaves, the wait ends
   * @param asked the model that the client named; null: none
   * @throws Hal0Error why there is no place (rejects, or throws when synchronous)
   */
  acquire(client: Requester, asked: string | null): TargetLease | Promise<TargetLease>
  /** The error with which `acquire` would refuse now; null if it would give a place or wait for one. */
  refusal(client: Requester): Hal0Error | null
  /** What a request that waits for it waits for; null: for a place only. */
  loading(): LoadView | null
}

export interface Targets {
  /** All of them, as they are now. */
  list(): readonly Target[]
  /** Adopts targets that were just configured by hand, which a request without a route may be for; null: there are none. */
  freshen(): Promise<void> | null
}
