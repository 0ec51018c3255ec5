/** What the dispatcher gets from a slot: permission to send one request to its backend. */

import type { Priority } from '../../contract/caller.ts'
import type { SlotRules } from '../../contract/rules/slot-rules.ts'
import type { SlotState } from '../../contract/slot.ts'
import type { SlotConfig } from '../../contract/slot-config.ts'
import type { Client } from '../../lib/client.ts'
import type { Hal0Error } from '../../lib/hal0-error.ts'
import type { BackendTraits } from '../../providers/backend-traits.ts'
import type { Abilities } from '../../providers/provider.ts'
import type { Waited } from '../machine/machine.ts'

/** Somebody who asks for a place. */
export interface Requester extends Client {
  /** Whose turns it takes; left out: those of everybody who does not say. */
  readonly caller?: string
  /** Left out: interactive. */
  readonly priority?: Priority
  /** Called when it has to wait. @param position its place among those that wait, from 1 */
  queued?(position: number): void
}

export interface Lease {
  /** e.g. http://127.0.0.1:8081 */
  readonly origin: string
  /** The key that it wants with every request (`Authorization: Bearer`); null: none. */
  readonly key: string | null
  /** Why the slot revoked the lease (unload, crash), for the client; null while it is valid. */
  readonly lost: Hal0Error | null
  /** Called once when that happens. Not an AbortSignal: one for each request costs a tenth of the relay. */
  onLost: ((error: Hal0Error) => void) | null
  /** What the relay needs to know about the backend. */
  readonly backend: BackendTraits
  /** Longest silence of the backend, milliseconds. */
  readonly timeoutMs: number
  /** When the backend last sent a byte for this request, in terms of `performance.now()`; the relay sets it. */
  heardAt: number
  /** The state that the request met. */
  readonly met: SlotState
  /** How long it waited for its place. */
  readonly waited: Waited
  /** Releases the place; calling it again does nothing. */
  release(): void
  /**
   * For a connection that the backend broke: resolves with the slot's error if its process died (waits at most 300 ms), otherwise
   * with null.
   */
  verdict(): Promise<Hal0Error | null>
}

/** One slot as the dispatcher sees it: a copy for routing; only `acquire` decides. */
export interface SlotView {
  name: string
  state: SlotState
  /** Ref of the loaded model, or else of the configured one. */
  model: string | null
  aliases: readonly string[]
  load: 'manual' | 'on-demand'
  /** What changes in the bodies of its requests. */
  rules: SlotRules
  /** Whether prompts and answers are kept. */
  capture: boolean
  /** Whether its backend may fetch media that a request names by address. */
  remoteMedia: boolean
  /** The mode of its backend; for a loaded slot, as it was started; null: unknown. */
  mode: SlotConfig['mode']
  /** What clients may ask of its model, from memory. */
  abilities(): Abilities
  /** Of its backend; null: it has none. */
  pid: number | null
  /** Number of requests at the backend, or waiting for a place there. */
  requests: number
  /** Those of them that wait. */
  waiting: number
}

/** A load that requests wait for. */
export interface LoadView {
  state: SlotState
  /** Since the load began, milliseconds; null: it has yet to begin. */
  elapsedMs: number | null
  /** How long it will take, from earlier loads; null: unknown. */
  expectedMs: number | null
  /** What waiting clients are told. */
  hint: SlotConfig['loading_hint']
}

export interface SlotDirectory {
  /**
   * Takes over configuration files that were just written by hand; null: there are none. For a request that finds no slot: it may be
   * for a new one.
   */
  freshen(): Promise<void> | null
  views(): readonly SlotView[]
  /**
   * Gets a place at the slot's backend, waiting according to spec §2.2. Synchronous (not a promise) when a place is free, so that
   * the common path costs no turn of the event loop.
   * @param asked the model that the client named: if it is swapped out, the client does not wait
   * @param client when it leaves, the wait ends; a load that it started continues
   * @throws Hal0Error of the slot's state (rejects, or throws when synchronous)
   */
  acquire(name: string, client: Requester, asked?: string): Lease | Promise<Lease>
  /**
   * The error with which `acquire` would refuse now; null if it would give a place or wait for one. Useful before a large body is
   * read, but only `acquire` decides.
   */
  refusal(name: string, client?: Requester): Hal0Error | null
  /** What a request that waits for the slot waits for; null: for a place, since the slot is loaded. */
  loading(name: string): LoadView | null
}
