/** The decision log (spec §2.3): every routed request, bounded, queried and tailed. Its disk never fails a request. */
import type { Decision } from '../../contract/system.ts'
import { Bus } from '../../lib/async/bus.ts'
import { Mutex } from '../../lib/async/mutex.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { log } from '../../lib/log.ts'
import { DecisionFiles } from './decision-files.ts'
import type { DecisionLog, DecisionPage, DecisionQuery } from './decision-log.ts'
import { defaultLimit, isWanted, searchDecisions } from './decision-search.ts'

const flushEveryMs = 100
const flushRows = 500
/** While the disk fails: how many decisions are held in memory, and how often writing is retried. */
const heldRows = 10_000
const retryEveryMs = 5000
/** Only one query reads at a time; this many may wait. */
const maxQueries = 32

export const defaultKeep = 100_000

export interface DecisionOptions {
  /** The folder of its files; it is created if it is missing. */
  folder: string
  /** How many of the newest decisions to keep. */
  keep?: number
  /** Where ids begin if the log does not know which ones were used: milliseconds since the Unix epoch, never the same twice. */
  time: () => number
}

/** Such ids begin at the time multiplied by this: nobody answers as many requests in a millisecond, so the time stays ahead. */
const idsPerMs = 1000

const sentence = (error: unknown): string => (error instanceof Error ? error.message : String(error))

export class Decisions implements DecisionLog {
  readonly added = new Bus<Decision>()
  readonly #folder: string
  readonly #keep: number
  readonly #time: () => number
  #store: DecisionFiles | null = null
  #pending: Decision[] = []
  #timer: ReturnType<typeof setTimeout> | null = null
  #nextId = 1
  /** The newest one that was published. */
  #told = 0
  readonly #queries = new Mutex()
  #queriesUnderWay = 0
  #problem: string | null = null
  #closed = false

  constructor({ folder, keep = defaultKeep, time }: DecisionOptions) {
    this.#folder = folder
    this.#keep = keep
    this.#time = time
    if (!this.#try(() => this.#open())) this.#nextId = this.#unusedId()
  }

  /** Why decisions are not reaching the disk, as a sentence; null while they do. */
  problem(): string | null {
    return this.#problem
  }

  /**
   * Costs no disk access: decisions are written together, a tenth of a second later, and then published.
   * @param decision belongs to the log from here on, which sets its id
   */
  record(decision: Decision): void {
    decision.id = this.#nextId++
    this.#pending.push(decision)
    if (this.#pending.length > heldRows) this.#pending.shift()
    if (this.#pending.length >= flushRows && this.#problem === null) this.#flush()
    else this.#flushIn(this.#problem === null ? flushEveryMs : retryEveryMs)
  }

  async list(query: DecisionQuery): Promise<DecisionPage> {
    if (this.#queriesUnderWay >= maxQueries) {
      throw new Hal0Error(
        'daemon.busy',
        `${maxQueries} queries of the decision log are being answered, the most at the same time. Try again in a second.`,
      )
    }
    this.#queriesUnderWay++
    try {
      return await this.#queries.run(() => this.#list(query))
    } finally {
      this.#queriesUnderWay--
    }
  }

  async #list(query: DecisionQuery): Promise<DecisionPage> {
    this.#flush()
    const limit = query.limit ?? defaultLimit
    // Those that could not be written are newer than all written ones.
    const held = this.#pending.filter((decision) => isWanted(decision, query)).reverse()
    if (held.length >= limit) return { decisions: held.slice(0, limit), next: held[limit - 1]?.id ?? null }
    const stored = await this.#search({ ...query, limit: limit - held.length })
    return { decisions: [...held, ...stored.decisions], next: stored.next }
  }

  /** The disk's part of a page; its failure becomes the problem. */
  async #search(query: DecisionQuery): Promise<DecisionPage> {
    try {
      if (this.#store !== null) return await searchDecisions(this.#store, query)
    } catch (error) {
      this.#failed(error)
    }
    return { decisions: [], next: null }
  }

  /** Writes what is pending. */
  close(): void {
    this.#flush()
    this.#closed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    const inOrder = this.#pending.length === 0 && this.#problem === null
    this.#try(() => this.#store?.close(inOrder))
    this.#store = null
  }

  #flushIn(ms: number): void {
    if (this.#timer !== null || this.#closed) return
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.#flush()
    }, ms)
    this.#timer.unref()
  }

  #flush(): void {
    if (this.#pending.length === 0 || this.#closed) return
    const written = this.#try(() => {
      const store = this.#store ?? this.#open()
      store.add(this.#pending)
    })
    if (!written) {
      // Some may be written, if they span two files and the second one cannot be created.
      const newest = this.#store?.newest ?? 0
      this.#tell()
      this.#pending = this.#pending.filter(({ id }) => id > newest)
      this.#flushIn(retryEveryMs)
      return
    }
    this.#tell()
    this.#pending = []
    this.#problem = null
  }

  /** Publishes what is pending. Called after the attempt to write it, since ids may rise when the files can be opened at last. */
  #tell(): void {
    for (const decision of this.#pending) {
      if (decision.id <= this.#told) continue
      this.#told = decision.id
      this.added.publish(decision)
    }
  }

  #open(): DecisionFiles {
    const store = new DecisionFiles(this.#folder, this.#keep)
    this.#store = store
    // Ids continue where the files end, even if the files could not be opened at first.
    const first = store.endedInOrder || this.#pending.length > 0 ? store.newest + 1 : this.#unusedId(store.newest)
    const behind = first - (this.#pending[0]?.id ?? this.#nextId)
    if (behind > 0) {
      for (const decision of this.#pending) decision.id += behind
      this.#nextId += behind
      this.#told += behind
    }
    return store
  }

  /** An id that was never used, although the log may not have all that were. */
  #unusedId(newest = 0): number {
    return Math.max(newest + 1, this.#time() * idsPerMs)
  }

  /** Runs `work`; its failure becomes the problem. @returns whether it was done */
  #try(work: () => void): boolean {
    try {
      work()
      return true
    } catch (error) {
      this.#failed(error)
      return false
    }
  }

  #failed(error: unknown): void {
    const problem = `The decision log in ${this.#folder} cannot be used: ${sentence(error)}. Check the disk; requests are served all the same.`
    if (this.#problem !== problem) log.error(problem)
    this.#problem = problem
  }
}
