/** The decision log (spec §2.3): every routed request, bounded, queried and tailed. Its disk never fails a request. */
import { mkdirSync, renameSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Decision } from '../contract/system.ts'
import { Bus } from '../lib/bus.ts'
import { log } from '../lib/log.ts'
import { errnoOf } from '../system/storage-error.ts'
import { DecisionStore } from './decision-store.ts'
import type { DecisionLog, DecisionQuery } from './dispatch-port.ts'

const flushEveryMs = 250
const flushRows = 500
/** While the disk fails: what is held in memory for a better time, and how often that is tried. */
const heldRows = 10_000
const retryEveryMs = 5000

export const defaultKeep = 100_000

export interface DecisionOptions {
  /** The database; it is made when there is none. */
  file: string
  /** How many decisions are kept, the newest. */
  keep?: number
}

const isBroken = (error: unknown): boolean => {
  const code = errnoOf(error)
  return code !== null && (code.startsWith('SQLITE_CORRUPT') || code.startsWith('SQLITE_NOTADB'))
}

const sentence = (error: unknown): string => (error instanceof Error ? error.message : String(error))

export class Decisions implements DecisionLog {
  readonly added = new Bus<Decision>()
  readonly #file: string
  readonly #keep: number
  #store: DecisionStore | null = null
  #pending: Decision[] = []
  #timer: ReturnType<typeof setTimeout> | null = null
  #nextId = 1
  #problem: string | null = null
  #closed = false

  constructor({ file, keep = defaultKeep }: DecisionOptions) {
    this.#file = file
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
    const { limit = 100, before = Number.MAX_SAFE_INTEGER, slot, model } = query
    const held = this.#pending.filter(
      (decision) =>
        decision.id < before &&
        (slot === undefined || decision.slot === slot) &&
        (model === undefined || decision.model === model),
    )
    return [...held.reverse(), ...stored].slice(0, limit)
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
      this.#flushIn(retryEveryMs)
      return
    }
    this.#pending = []
    this.#problem = null
  }

  #open(): DecisionStore {
    mkdirSync(dirname(this.#file), { recursive: true })
    const store = new DecisionStore(this.#file, this.#keep)
    this.#store = store
    // Ids go on where the file ends, also when it could not be opened at first.
    const behind = store.newest + 1 - (this.#pending[0]?.id ?? this.#nextId)
    if (behind > 0) {
      for (const decision of this.#pending) decision.id += behind
      this.#nextId += behind
    }
    return store
  }

  /**
   * Runs `work`; a broken file is moved aside and the work done again on a new one, any other failure becomes the problem.
   * @returns whether it was done
   */
  #try(work: () => void): boolean {
    try {
      try {
        work()
      } catch (error) {
        if (!isBroken(error)) throw error
        this.#moveAside(error)
        work()
      }
      return true
    } catch (error) {
      const problem = `The decision log ${this.#file} cannot be used: ${sentence(error)}. Check the disk; requests are served all the same.`
      if (this.#problem !== problem) log.error(problem)
      this.#problem = problem
      return false
    }
  }

  #moveAside(cause: unknown): void {
    this.#store?.close()
    this.#store = null
    const aside = `${this.#file}.broken-${new Date().toISOString().replaceAll(':', '-')}`
    log.warn(
      `the decision log ${this.#file} is broken (${sentence(cause)}) and goes on in a new file; the old one is ${aside}`,
    )
    renameSync(this.#file, aside)
    for (const suffix of ['-wal', '-shm']) {
      try {
        renameSync(this.#file + suffix, aside + suffix)
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT') throw error
      }
    }
  }
}
