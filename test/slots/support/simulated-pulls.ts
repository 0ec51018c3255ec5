/** Pulls in virtual time: what the hub has, how the next pull ends, and which models arrived. They outlive simulated daemons. */
import type { Pull, PullRequest } from '../../../src/contract/models/pull.ts'
import { Bus } from '../../../src/lib/async/bus.ts'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import type { ModelBringer } from '../../../src/models/pull/pull-port.ts'
import type { SimulatedClock } from './simulated-clock.ts'

const takesMs = 4000

export class SimulatedPulls implements ModelBringer {
  changed = new Bus<Pull>()
  /** Ids of models that are known to be somewhere. */
  readonly known = new Set<string>(['far'])
  outcome: 'done' | 'failed' = 'done'
  failure = new Hal0Error('pull.network', 'The hub is not reachable.')
  begun = 0
  readonly #clock: SimulatedClock
  readonly #arrive: (model: string) => void
  readonly #pulls = new Map<string, Pull>()
  readonly #wanting = new Map<string, Set<string>>()

  constructor(clock: SimulatedClock, arrive: (model: string) => void) {
    this.#clock = clock
    this.#arrive = arrive
  }

  knows(id: string): boolean {
    return this.known.has(id)
  }

  async learn(id: string, _request: PullRequest): Promise<void> {
    this.known.add(id)
  }

  bring(id: string, by: string): Pull {
    const before = this.#pulls.get(id)
    if (before?.phase === 'downloading') {
      this.#wanting.get(id)?.add(by)
      return before
    }
    this.#wanting.set(id, new Set([by]))
    this.begun += 1
    const pull: Pull = {
      id,
      request: { repo: 'owner/repo', file: 'far.gguf' },
      position: null,
      repo: 'owner/repo',
      revision: null,
      files: [],
      bytes_total: 100,
      bytes_received: 40,
      throughput_bps: 20,
      elapsed_s: 2,
      eta_s: 3,
      file: 'far.gguf',
      phase: 'downloading',
      error: null,
    }
    this.#pulls.set(id, pull)
    this.#clock.setTimer(takesMs, () => this.#end(pull))
    return pull
  }

  find(id: string): Pull | null {
    return this.#pulls.get(id) ?? null
  }

  async leave(id: string, by: string): Promise<void> {
    const pull = this.#pulls.get(id)
    const wanting = this.#wanting.get(id)
    wanting?.delete(by)
    if (wanting?.size === 0 && pull?.phase === 'downloading') this.#tell({ ...pull, phase: 'cancelled' })
  }

  /** Somebody cancels the pull itself, no matter who waits for it. */
  cancel(id: string): void {
    const pull = this.#pulls.get(id)
    if (pull?.phase === 'downloading') this.#tell({ ...pull, phase: 'cancelled' })
  }

  /** The daemon died: nobody listens any more, and its pulls stand still until they are requested again. */
  forget(): void {
    this.changed = new Bus()
    this.#pulls.clear()
  }

  #end(pull: Pull): void {
    if (this.#pulls.get(pull.id) !== pull) return
    if (this.outcome === 'done') this.#arrive(pull.id)
    const error = this.failure.body()
    this.#tell(this.outcome === 'done' ? { ...pull, phase: 'done' } : { ...pull, phase: 'failed', error })
  }

  #tell(pull: Pull): void {
    this.#pulls.set(pull.id, pull)
    this.changed.publish(pull)
  }
}
