/** The owner's table of requests: who waits, who has a lease, and who lost it. */
import type { SlotState } from '../../../contract/slot.ts'
import { DenseSet, type Member } from '../../../lib/dense-set.ts'
import { Hal0Error } from '../../../lib/hal0-error.ts'
import type { BackendTraits } from '../../../providers/backend-traits.ts'
import type { Input, Waited } from '../../machine/machine.ts'
import type { Lease, Requester } from '../lease.ts'

type Outcome = Lease | Hal0Error

interface Place {
  met: SlotState
  waited: Waited
  at: number
  origin: string
  key: string | null
  timeoutMs: number
  backend: BackendTraits
}

/** A granted lease, until it is released or revoked. */
class Grant implements Lease, Member {
  place = -1
  readonly origin: string
  readonly key: string | null
  readonly timeoutMs: number
  readonly met: SlotState
  readonly waited: Waited
  readonly backend: BackendTraits
  heardAt = Number.NEGATIVE_INFINITY
  lost: Hal0Error | null = null
  onLost: ((error: Hal0Error) => void) | null = null
  readonly #table: LeaseTable
  readonly id: number
  /** When it was granted, monotonic milliseconds. */
  readonly since: number

  constructor(id: number, { met, waited, at, origin, key, timeoutMs, backend }: Place, table: LeaseTable) {
    this.id = id
    this.since = at
    this.met = met
    this.waited = waited
    this.origin = origin
    this.key = key
    this.timeoutMs = timeoutMs
    this.backend = backend
    this.#table = table
  }

  release(): void {
    this.#table.giveBack(this)
  }

  verdict(): Promise<Hal0Error | null> {
    return this.#table.verdict()
  }
}

export class LeaseTable {
  readonly #post: (input: Input) => void
  readonly verdict: () => Promise<Hal0Error | null>
  readonly #waiting = new Map<number, { settle: (outcome: Outcome) => void; client: Requester }>()
  readonly #granted = new DenseSet<Grant>()
  /** The request that is being decided now, whose outcome may be known at once. */
  #asking: { readonly id: number; outcome: Outcome | null; position: number | null } | null = null
  #lastId = 0
  /** Of the leases that were released. */
  #heardBefore = Number.NEGATIVE_INFINITY

  constructor(post: (input: Input) => void, verdict: () => Promise<Hal0Error | null>) {
    this.#post = post
    this.verdict = verdict
  }

  /** When the backend last sent a byte for any request, monotonic milliseconds; -Infinity: it never has. */
  get heardAt(): number {
    let last = this.#heardBefore
    for (const { heardAt } of this.#granted.snapshot()) last = Math.max(last, heardAt)
    return last
  }

  /** See SlotDirectory.acquire. */
  acquire(client: Requester, asked: string): Lease | Promise<Lease> {
    const id = ++this.#lastId
    const outer = this.#asking
    const asking: NonNullable<typeof outer> = { id, outcome: null, position: null }
    this.#asking = asking
    const { caller = '', priority = 'interactive' } = client
    this.#post({ kind: 'request', id, asked, caller, priority })
    this.#asking = outer
    if (asking.position !== null) client.queued?.(asking.position)
    if (asking.outcome instanceof Hal0Error) throw asking.outcome
    return asking.outcome ?? this.#wait(id, client)
  }

  /** The request has to wait. */
  queue(id: number, position: number): void {
    if (this.#asking?.id === id) this.#asking.position = position
    else this.#waiting.get(id)?.client.queued?.(position)
  }

  grant(id: number, place: Place): void {
    const grant = new Grant(id, place, this)
    this.#granted.add(grant)
    // The client left at the same moment: the place is free again.
    if (!this.#settle(id, grant)) grant.release()
  }

  refuse(id: number, error: Hal0Error): void {
    this.#settle(id, error)
  }

  /** Revokes every lease; their requests get `error`. */
  revoke(error: Hal0Error): void {
    for (const grant of this.#granted.snapshot()) {
      this.#granted.delete(grant)
      grant.lost = error
      grant.onLost?.(error)
    }
  }

  /** A lease that was already revoked or released no longer counts in the machine. */
  giveBack(grant: Grant): void {
    if (grant.place < 0) return
    this.#granted.delete(grant)
    this.#heardBefore = Math.max(this.#heardBefore, grant.heardAt)
    this.#post({ kind: 'release', id: grant.id, since: grant.since })
  }

  #wait(id: number, client: Requester): Promise<Lease> {
    const gone = client.signal
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.delete(id)
        this.#post({ kind: 'leave', id })
        reject(gone.reason)
      }
      const settle = (outcome: Outcome) => {
        gone.removeEventListener('abort', leave)
        if (outcome instanceof Hal0Error) reject(outcome)
        else resolve(outcome)
      }
      this.#waiting.set(id, { settle, client })
      if (gone.aborted) leave()
      else gone.addEventListener('abort', leave, { once: true })
    })
  }

  /** @returns false when nobody waits for it any more */
  #settle(id: number, outcome: Outcome): boolean {
    if (this.#asking?.id === id) {
      this.#asking.outcome = outcome
      return true
    }
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return false
    this.#waiting.delete(id)
    waiting.settle(outcome)
    return true
  }
}
