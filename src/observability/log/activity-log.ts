/**
 * What happened to requests and slots (spec §2.3), kept in hal0.db by a thread of its own. On the way of a request there is nothing
 * but a push: its disk never fails or delays one.
 */
import type { Decision } from '../../contract/logs/decision.ts'
import type { SlotHappening } from '../../contract/logs/why.ts'
import { isWanted } from '../../dispatch/decisions/decision-filter.ts'
import {
  type DecisionLog,
  type DecisionPage,
  type DecisionQuery,
  defaultLimit,
} from '../../dispatch/decisions/decision-log.ts'
import { Bus } from '../../lib/async/bus.ts'
import { withDeadline } from '../../lib/async/with-deadline.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { log } from '../../lib/log.ts'
import { type LogPlace, LogThread, type Report, type Thread } from './log-thread.ts'
import { UnsavedDecisions } from './unsaved.ts'

const flushEveryMs = 100
const flushRows = 500
/** How many go to the thread at once. */
const batchRows = 2000
/** How many decisions and events are held in memory while the disk is slow or fails, and how often writing is retried. */
const heldRows = 10_000
const heldEvents = 1000
const retryEveryMs = 5000
/** How long the last rows may take when the daemon ends. */
const closeMs = 3000

export interface ActivityLogOptions extends LogPlace {
  /** Starts a thread that runs `serve-log.ts`. */
  start: () => Thread
  /** Where ids begin if the log does not know which ones were used: milliseconds since the Unix epoch, never the same twice. */
  time: () => number
}

/** Such ids begin at the time multiplied by this: nobody answers as many requests in a millisecond, so the time stays ahead. */
const idsPerMs = 1000

const sentence = (error: unknown): string => (error instanceof Error ? error.message : String(error))
const sameHappening = (one: SlotHappening): string => [one.time, one.what, one.state, one.text].join('\n')

export class ActivityLog implements DecisionLog {
  readonly added = new Bus<Decision>()
  readonly #path: string
  readonly #time: () => number
  readonly #thread: LogThread
  readonly #unsaved = new UnsavedDecisions(heldRows)
  #events: SlotHappening[] = []
  #forgotten: string[] = []
  /** How many events and deletions are being written. */
  #inFlight: { events: number; forgotten: number } | null = null
  readonly #opened = Promise.withResolvers<void>()
  /** null until the database is open, or has refused to be. */
  #nextId: number | null = null
  /** The newest one that was published. */
  #told = 0
  #timer: ReturnType<typeof setTimeout> | null = null
  #onSettled: () => void = () => {}
  #problem: string | null = null
  #notices: readonly string[] = []
  #toldOfDrops = false

  constructor({ start, time, ...place }: ActivityLogOptions) {
    this.#path = place.path
    this.#time = time
    this.#thread = new LogThread(start, place, (report) => this.#hear(report))
    this.#thread.open()
  }

  /** What is wrong with the log, in sentences. */
  problems(): string[] {
    return [...(this.#problem === null ? [] : [this.#problem]), ...this.#notices]
  }

  /** How many decisions were lost since the daemon began, because they came faster than the disk takes them. */
  get dropped(): number {
    return this.#unsaved.dropped
  }

  /**
   * Costs no disk access: decisions are written together, a tenth of a second later, and then published.
   * @param decision belongs to the log from here on, which sets its id
   */
  record(decision: Decision): void {
    this.#unsaved.push(decision)
    if (this.#inFlight === null && this.#unsaved.length >= flushRows && this.#problem === null) this.#flush()
    else this.#flushSoon()
  }

  /** Something happened to a slot. */
  happened(event: SlotHappening): void {
    if (this.#events.length >= heldEvents) this.#events.splice(this.#inFlight?.events ?? 0, 1)
    this.#events.push(event)
    this.#flushSoon()
  }

  /** A slot was deleted: what happened to it is not what happens to the next one of that name. */
  forgetSlot(slot: string): void {
    const saved = this.#inFlight?.events ?? 0
    this.#events = this.#events.filter((event, at) => at < saved || event.slot !== slot)
    this.#forgotten.push(slot)
    this.#flushSoon()
  }

  async list(query: DecisionQuery): Promise<DecisionPage> {
    await this.#opened.promise
    if (this.#problem !== null) this.#flush()
    const { limit = defaultLimit } = query
    this.#number()
    // Those that are not written yet are newer than all written ones.
    const unsaved = this.#unsaved.newestFirst()
    const held = unsaved.filter((decision) => isWanted(decision, query))
    if (held.length >= limit) return { decisions: held.slice(0, limit), next: held[limit - 1]?.id ?? null }
    const before = Math.min(query.before ?? Number.MAX_SAFE_INTEGER, unsaved.at(-1)?.id ?? Number.MAX_SAFE_INTEGER)
    const stored = await this.#ask(() => this.#thread.ask('page', { ...query, before, limit: limit - held.length }))
    return { decisions: [...held, ...(stored?.decisions ?? [])], next: stored?.next ?? null }
  }

  /**
   * What happened to a slot, oldest first: the newest `limit` of it.
   * @param until milliseconds since the Unix epoch; only what happened then or before
   */
  async events(slot: string, until: number, limit: number): Promise<SlotHappening[]> {
    await this.#opened.promise
    const held = this.#events.filter((event) => event.slot === slot && Date.parse(event.time) <= until)
    const stored = (await this.#ask(() => this.#thread.ask('events', { slot, until, limit }))) ?? []
    const known = new Set(stored.map(sameHappening))
    return [...stored, ...held.filter((event) => !known.has(sameHappening(event)))].slice(-limit)
  }

  /** Writes what is held. */
  async close(): Promise<void> {
    const saved = await withDeadline(this.#saveAll(), closeMs, false)
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (saved) await withDeadline(this.#thread.close(this.#problem === null), closeMs, undefined)
    this.#thread.end()
  }

  /** @returns whether everything was written */
  async #saveAll(): Promise<boolean> {
    await this.#opened.promise
    while (this.#problem === null && (this.#inFlight !== null || this.#hasUnsaved)) {
      const settled = Promise.withResolvers<void>()
      this.#onSettled = settled.resolve
      this.#flush()
      await settled.promise
    }
    return this.#problem === null
  }

  get #hasUnsaved(): boolean {
    return this.#unsaved.length > 0 || this.#events.length > 0 || this.#forgotten.length > 0
  }

  /** The database's part of an answer; its failure becomes the problem. */
  async #ask<T>(ask: () => Promise<T>): Promise<T | null> {
    try {
      return await ask()
    } catch (error) {
      if (error instanceof Hal0Error) throw error
      this.#failed(sentence(error))
      return null
    }
  }

  #flushSoon(): void {
    if (this.#timer !== null) return
    this.#timer = setTimeout(
      () => {
        this.#timer = null
        this.#flush()
      },
      this.#problem === null ? flushEveryMs : retryEveryMs,
    )
    this.#timer.unref()
  }

  /** Sends what is held to the thread, unless it is still busy with the last of it. */
  #flush(): void {
    if (this.#inFlight !== null || this.#nextId === null || !this.#hasUnsaved) return
    this.#number()
    const decisions = this.#unsaved.take(batchRows)
    const forget = [...this.#forgotten]
    this.#inFlight = { events: this.#events.length, forgotten: forget.length }
    this.#thread.add({ decisions: JSON.stringify(decisions), events: JSON.stringify(this.#events), forget })
  }

  #number(): void {
    if (this.#nextId !== null) this.#nextId = this.#unsaved.number(this.#nextId)
  }

  /** The database was opened, or has taken or refused what it was sent. */
  #hear({ say, opened, problem, notices }: Report): void {
    for (const notice of notices) if (!this.#notices.includes(notice)) log.warn(notice)
    if (notices.length > 0) this.#notices = notices
    if (problem === null) this.#problem = null
    else this.#failed(problem)
    if (this.#nextId === null) {
      // Ids continue where the log ends only if it has all that were used.
      const next = (opened?.newest ?? 0) + 1
      this.#nextId = opened?.endedInOrder === true ? next : Math.max(next, this.#time() * idsPerMs)
      this.#opened.resolve()
    } else this.#nextId = Math.max(this.#nextId, (opened?.newest ?? 0) + 1)
    if (this.#inFlight !== null && say !== 'opened') this.#settle(problem === null)
    if (this.#hasUnsaved) {
      if (problem === null && this.#unsaved.length >= flushRows) this.#flush()
      else this.#flushSoon()
    }
    this.#onSettled()
  }

  #settle(written: boolean): void {
    if (written) {
      this.#events.splice(0, this.#inFlight?.events ?? 0)
      this.#forgotten.splice(0, this.#inFlight?.forgotten ?? 0)
    }
    this.#inFlight = null
    for (const decision of this.#unsaved.settle(written)) {
      if (decision.id <= this.#told) continue
      this.#told = decision.id
      this.added.publish(decision)
    }
    if (this.dropped === 0 || this.#toldOfDrops) return
    this.#toldOfDrops = true
    log.warn(
      `Requests come faster than ${this.#path} takes them: decisions are dropped from the log. They are counted in /metrics.`,
    )
  }

  #failed(why: string): void {
    const problem = `The log of requests in ${this.#path} cannot be used: ${why}. Check the disk; requests are served all the same.`
    if (this.#problem !== problem) log.error(problem)
    this.#problem = problem
  }
}
