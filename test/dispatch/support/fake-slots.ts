/** A slot directory whose one answer the test decides, and leases that record what happened to them. */

import { noBodyRules } from '../../../src/contract/rules/slot-rules.ts'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import type { BackendTraits } from '../../../src/providers/backend-traits.ts'
import { llamaServer } from '../../../src/providers/llamacpp/backend.ts'
import type { Lease, LoadView, Requester, SlotDirectory, SlotView } from '../../../src/slots/run/lease.ts'

export class FakeLease implements Lease {
  readonly origin: string
  key: string | null = null
  readonly timeoutMs: number
  readonly met = 'ready' as const
  readonly waited = { loadMs: 0, queueMs: 0 }
  readonly backend: BackendTraits
  heardAt = Number.NEGATIVE_INFINITY
  lost: Hal0Error | null = null
  onLost: ((error: Hal0Error) => void) | null = null
  released = 0
  /** What `verdict` resolves with. */
  death: Hal0Error | null = null

  constructor(origin: string, timeoutMs: number, backend: BackendTraits) {
    this.origin = origin
    this.backend = backend
    this.timeoutMs = timeoutMs
  }

  takeBack(reason: Hal0Error): void {
    this.lost = reason
    this.onLost?.(reason)
  }

  release(): void {
    this.released++
  }

  async verdict(): Promise<Hal0Error | null> {
    return this.death
  }
}

export const crashed = (): Hal0Error => new Hal0Error('slot.crashed', 'The backend of slot primary died.')

export class FakeSlots implements SlotDirectory {
  readonly origin: string
  readonly leases: FakeLease[] = []
  list: SlotView[] = [
    {
      name: 'primary',
      state: 'ready',
      model: 'tiny',
      aliases: ['gpt-4o'],
      load: 'manual',
      rules: { params: noBodyRules, profiles: {} },
      capture: false,
      mode: null,
      requests: 0,
      remoteMedia: false,
      pid: 100,
      waiting: 0,
      abilities: () => ({ capabilities: ['chat'], contextLength: 512 }),
    },
  ]
  timeoutMs = 10_000
  /** The traits of the backends of further leases. */
  backend = llamaServer
  /** What `refusal` returns. */
  refuses: Hal0Error | null = null
  /** The key of the backend. */
  key: string | null = null
  /** What `loading` returns. */
  load: LoadView | null = null
  /** Replaces a grant at once. */
  onAcquire: ((client: Requester) => Lease | Promise<Lease>) | null = null

  constructor(origin: string) {
    this.origin = origin
  }

  views(): readonly SlotView[] {
    return this.list
  }

  grant(): FakeLease {
    const lease = new FakeLease(this.origin, this.timeoutMs, this.backend)
    lease.key = this.key
    this.leases.push(lease)
    return lease
  }

  acquire(_name: string, client: Requester): Lease | Promise<Lease> {
    return this.onAcquire === null ? this.grant() : this.onAcquire(client)
  }

  freshen(): null {
    return null
  }

  refusal(): Hal0Error | null {
    return this.refuses
  }

  loading(): LoadView | null {
    return this.load
  }

  get lastLease(): FakeLease {
    const lease = this.leases.at(-1)
    if (lease === undefined) throw new Error('no lease was taken')
    return lease
  }
}
