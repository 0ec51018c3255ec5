/** What answers requests for a model: a slot today. Something without a slot (another machine) is another `Target`. */
import type { SlotState } from '../../contract/slot.ts'
import type { Client } from '../../lib/client.ts'
import type { Hal0Error } from '../../lib/hal0-error.ts'
import type { Lease, SlotView } from '../../slots/run/lease.ts'
import type { BodyRule } from '../body/rewrite.ts'
import type { Upstream } from '../upstream/upstream.ts'

/** As routing sees it: a copy; only `acquire` decides. */
export interface TargetView extends Pick<SlotView, 'name' | 'aliases' | 'load' | 'mode' | 'requests'> {
  /** The slot that it is; null: it is none. */
  readonly slot: string | null
  /** Null: it has no states, and can be asked at any time. */
  readonly state: SlotState | null
  /** What it answers with: the ref of a slot's model, or the name of a model that somebody else has. */
  readonly model: string | null
}

/** Permission to send one request. */
export interface TargetLease extends Omit<Lease, 'met'> {
  /** The state that the request met. */
  readonly met: SlotState | null
}

export interface Target extends TargetView {
  /** The way to its backend. */
  readonly upstream: Upstream
  /** What is changed in a body before it is sent; mostly nothing. */
  readonly rules: readonly BodyRule[]
  /**
   * A place at its backend. Synchronous (not a promise) when a place is free, so that the common path costs no turn of the event loop.
   * @param client when it leaves, the wait ends
   * @param asked the model that the client named; null: none
   * @throws Hal0Error why it gives none (rejects, or throws when synchronous)
   */
  acquire(client: Client, asked: string | null): TargetLease | Promise<TargetLease>
  /** What `acquire` would refuse with now; null when it would give a place or wait for one. */
  refusal(): Hal0Error | null
}

export interface Targets {
  /** All of them, as they are now. */
  list(): readonly Target[]
}
