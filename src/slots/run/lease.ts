/** What the dispatcher gets from a slot: permission to send one request to its backend. */
import type { SlotState } from '../../contract/slot.ts'
import type { SlotConfig } from '../../contract/slot-config.ts'
import type { Client } from '../../lib/client.ts'
import type { Hal0Error } from '../../lib/hal0-error.ts'
import type { BackendTraits } from '../../providers/backend-traits.ts'

export interface Lease {
  /** e.g. http://127.0.0.1:8081 */
  readonly origin: string
  /** Why the slot took the lease back (unload, crash), for the client; null while it holds. */
  readonly lost: Hal0Error | null
  /** Called once when that happens; not an AbortSignal, since one of those a request costs a tenth of the relay. */
  onLost: ((error: Hal0Error) => void) | null
  /** How it wants to be talked to. */
  readonly backend: BackendTraits
  /** Longest silence of the backend, milliseconds. */
  readonly timeoutMs: number
  /** The state that the request met. */
  readonly met: SlotState
  /** Gives the place back; calling it again does nothing. */
  release(): void
  /**
   * The backend broke the connection: resolves with the slot's error if its process died (waits at most 300 ms for the news),
   * else null.
   */
  verdict(): Promise<Hal0Error | null>
}

/** One slot as the dispatcher sees it: a copy for routing; only `acquire` decides. */
export interface SlotView {
  name: string
  state: SlotState
  /** Ref of the model that is loaded, else the configured one. */
  model: string | null
  aliases: readonly string[]
  load: 'manual' | 'on-demand'
  /** What its backend does: of a loaded slot as it was started; null: not known. */
  mode: SlotConfig['mode']
  /** At the backend, and waiting for a place there. */
  requests: number
}

export interface SlotDirectory {
  /**
   * Takes over configuration files that were just written by hand; null: there are none. For a request that finds no slot: it may be
   * for a new one.
   */
  freshen(): Promise<void> | null
  views(): readonly SlotView[]
  /**
   * A place at the slot's backend, waiting as spec §2.2 says. Synchronous (not a promise) when a place is free, so that the
   * common path costs no turn of the event loop.
   * @param asked the model that the client named: one that is swapped away is not waited for
   * @param client when it leaves, the wait ends; a load that it started goes on
   * @throws Hal0Error of the slot's state (rejects, or throws when synchronous)
   */
  acquire(name: string, client: Client, asked?: string): Lease | Promise<Lease>
  /**
   * What `acquire` would refuse with now; null when it would give a place or wait for one. For whoever has yet to take in a large
   * body: only `acquire` decides.
   */
  refusal(name: string): Hal0Error | null
}
