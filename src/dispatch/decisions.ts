/** The decision log (spec §2.3): every routed request, bounded, queried and tailed. Its disk never fails a request. */
import type { Decision } from '../contract/system.ts'
import { Bus } from '../lib/bus.ts'
import { log } from '../lib/log.ts'
import { DecisionFiles, isWanted } from './decision-files.ts'
import type { DecisionLog, DecisionQuery } from './dispatch-port.ts'

const flushEveryMs = 250
const flushRows = 500
/** While the disk fails: what is held in memory for a better time, and how often that is tried. */
const heldRows = 10_000
const retryEveryMs = 5000

export const defaultKeep = 100_000

export interface DecisionOptions {
  /** Where its files are; it is made when there is none. */
  folder: string
  /** How many decisions are kept, the newest. */
  keep?: number
}

const sentence = (error: unknown): string => (error instanceof Error ? error.message : String(error))

export class Decisions implements DecisionLog {
  readonly added = new Bus<Decision>()
  readonly #folder: string
  readonly #keep: number
  #store: DecisionFiles | null = null
  #pending: Decision[] = []
  #timer: ReturnType<typeof setTimeout> | null = null
  #nextId = 1
  #problem: string | null = null
  #closed = false

  constructor({ folder, keep = defaultKeep }: DecisionOptions) {
    this.#folder = folder
    this.#keep = keep
    this.#try(() => this.#open())
  }

  /** Why decisions are not reaching the disk, as a sentence; null while they do. */
  problem(): string | null {
    return this.#problem
  }

  /**
   * Costs no disk access: decisions are written together, a quarter of a second later.
   * @param decision is the log's from here on, which sets its id
   */
  record(decision: Decision): void {
    decision.id = this.#nextId++
    this.#pending.push(decision)
    if (this.#pending.length > heldRows) this.#pending.shift()
    if (this.#pending.length >= flushRows && this.#problem === null) this.#flush()
    else this.#flushIn(this.#problem === null ? flushEveryMs : retryEveryMs)
    this.added.publish(decision)
  }

  list(query: DecisionQuery): Decision[] {
    this.#flush()
    let stored: Decision[] = []
    this.#try(() => {
      stored = this.#store?.list(query) ?? []
    })
    // What could not be written is newer than all that was.
    const held = this.#pending.filter((decision) => isWanted(decision, query))
    return [...held.reverse(), ...stored].slice(0, query.limit ?? 100)
  }

  /** Writes what is pending. */
  close(): void {
    this.#flush()
    this.#closed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#store?.close()
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
      // A part may be written: what spans two files, when the second cannot be made.
      const newest = this.#store?.newest ?? 0
      this.#pending = this.#pending.filter(({ id }) => id > newest)
      this.#flushIn(retryEveryMs)
      return
    }
    this.#pending = []
    this.#problem = null
  }

  #open(): DecisionFiles {
    const store = new DecisionFiles(this.#folder, this.#keep)
    this.#store = store
    // Ids go on where the files end, also when they could not be opened at first.
    const behind = store.newest + 1 - (this.#pending[0]?.id ?? this.#nextId)
    if (behind > 0) {
      for (const decision of this.#pending) decision.id += behind
      this.#nextId += behind
    }
    return store
  }

  /** Runs `work`; its failure becomes the problem. @returns whether it was done */
  #try(work: () => void): boolean {
    try {
      work()
      return true
    } catch (error) {
      const problem = `The decision log in ${this.#folder} cannot be used: ${sentence(error)}. Check the disk; requests are served all the same.`
      if (this.#problem !== problem) log.error(problem)
      this.#problem = problem
      return false
    }
  }
}
