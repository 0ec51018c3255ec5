/** The owner's books on requests: who waits, who has a place, and who lost it. */
import type { SlotState } from '../contract/slot.ts'
import { Hal0Error } from '../lib/hal0-error.ts'
import type { Lease } from './lease.ts'
import type { Input } from './machine.ts'

/** One request from its arrival until its outcome is known. */
interface Ticket {
  outcome: Lease | Hal0Error | null
  settle: ((outcome: Lease | Hal0Error) => void) | null
}

interface Place {
  met: SlotState
  origin: string
  timeoutMs: number
}

export class LeaseDesk {
  readonly #post: (input: Input) => void
  readonly #verdict: () => Promise<Hal0Error | null>
  readonly #tickets = new Map<number, Ticket>()
  #lastId = 0
  /** Aborts when every place granted so far is taken back: one for all, since they are always taken back together. */
  #grants = new AbortController()

  constructor(post: (input: Input) => void, verdict: () => Promise<Hal0Error | null>) {
    this.#post = post
    this.#verdict = verdict
  }

  /** See SlotDirectory.acquire. */
  acquire(gone: AbortSignal): Lease | Promise<Lease> {
    const id = ++this.#lastId
    const ticket: Ticket = { outcome: null, settle: null }
    this.#tickets.set(id, ticket)
    this.#post({ kind: 'request', id })
    const { outcome } = ticket
    if (outcome instanceof Hal0Error) throw outcome
    return outcome ?? this.#wait(id, ticket, gone)
  }

  grant(id: number, place: Place): void {
    const lease = this.#lease(id, place)
    // A client that left in the same breath: the place is free again.
    if (!this.#settle(id, lease)) lease.release()
  }

  refuse(id: number, error: Hal0Error): void {
    this.#settle(id, error)
  }

  /** Takes back every place; `error` is what their requests are told. */
  revoke(error: Hal0Error): void {
    const taken = this.#grants
    this.#grants = new AbortController()
    taken.abort(error)
  }

  #wait(id: number, ticket: Ticket, gone: AbortSignal): Promise<Lease> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#tickets.delete(id)
        this.#post({ kind: 'leave', id })
        reject(gone.reason)
      }
      ticket.settle = (outcome) => {
        gone.removeEventListener('abort', leave)
        if (outcome instanceof Hal0Error) reject(outcome)
        else resolve(outcome)
      }
      if (gone.aborted) leave()
      else gone.addEventListener('abort', leave, { once: true })
    })
  }

  /** @returns false when nobody waits for it any more */
  #settle(id: number, outcome: Lease | Hal0Error): boolean {
    const ticket = this.#tickets.get(id)
    if (ticket === undefined) return false
    this.#tickets.delete(id)
    ticket.outcome = outcome
    ticket.settle?.(outcome)
    return true
  }

  #lease(id: number, place: Place): Lease {
    const { signal } = this.#grants
    let released = false
    return {
      ...place,
      signal,
      release: () => {
        if (released) return
        released = true
        // A place that was taken back is no longer in the machine's count.
        if (!signal.aborted) this.#post({ kind: 'release', id })
      },
      verdict: this.#verdict,
    }
  }
}
