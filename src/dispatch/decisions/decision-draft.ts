/** What the log will say about one request, filled in as it becomes known. */
import type { Caller, Priority } from '../../contract/caller.ts'
import type { Decision } from '../../contract/logs/decision.ts'
import { bounded } from '../../lib/bounded.ts'
import type { TokenCounts } from '../dialects/usage.ts'
import type { TargetLease } from '../targets/target.ts'

/** Maximum length of a client's name, or of a reason, in the log. The longest valid name has 128 characters. */
const maxModelCharacters = 256
const maxReasonCharacters = 500
/** Number of refs of one request in the log. */
const maxCandidates = 16

/** Rounds milliseconds to the microsecond: further digits are noise in every decision. */
const rounded = (ms: number): number => Math.round(ms * 1000) / 1000
const orNull = (ms: number | null): number | null => (ms === null ? null : rounded(ms))

/** How the answer ended. */
export interface Ending extends Pick<Decision, 'status' | 'outcome' | 'code'> {
  streamed: boolean
  /** In terms of `performance.now()`; null: no byte of a body arrived. */
  firstByteAt: number | null
  tokens: TokenCounts | null
  /** Tokens per second as the backend measured them; null: it did not say. */
  perSecond: number | null
}

export class DecisionDraft {
  readonly requestId: string
  readonly #path: string
  readonly #caller: Caller
  /** Arrival, Unix time in milliseconds. */
  readonly time: number
  readonly #arrival = performance.now()
  #model: string | null = null
  #candidates: string[] = []
  #slot: string | null = null
  #reason = ''
  #state: Decision['state'] = null
  #message: string | null = null
  #waitMs: number | null = null
  #waited: TargetLease['waited'] | null = null
  #priority: Priority | null = null
  #position: number | null = null

  constructor(requestId: string, path: string, caller: Caller, time: number) {
    this.requestId = requestId
    this.#path = path
    this.#caller = caller
    this.time = time
  }

  /** @param model that the client named; null: none */
  asked(model: string | null): void {
    this.#model = model === null ? null : bounded(model, maxModelCharacters)
  }

  considered(candidates: string[]): void {
    this.#candidates = candidates.length > maxCandidates ? candidates.slice(0, maxCandidates) : candidates
  }

  picked({ slot, state }: Pick<Decision, 'slot' | 'state'>, reason: string): void {
    this.#slot = slot
    this.#reason = reason
    this.#state = state
  }

  ranked(priority: Priority): void {
    this.#priority = priority
  }

  get priority(): Priority {
    return this.#priority ?? 'interactive'
  }

  /** The request has to wait. @param position its place among those that wait, from 1 */
  queued(position: number): void {
    this.#position = position
  }

  /** The request got a place. */
  leased({ met, waited }: Pick<TargetLease, 'met' | 'waited'>): void {
    this.#state = met
    this.#waited = waited
    this.#waitMs = this.#elapsed()
  }

  /** Why no answer of a target was sent. It is the reason, too, where no target was picked. */
  refused(message: string): void {
    if (this.#reason === '') this.#reason = message
    this.#message = message
  }

  ended({ status, outcome, code, streamed, firstByteAt, tokens, perSecond }: Ending): Decision {
    const { kind, name, address } = this.#caller
    return {
      id: 0,
      time: new Date(this.time).toISOString(),
      request_id: this.requestId,
      path: this.#path,
      caller: { kind, name, address },
      model: this.#model,
      candidates: this.#candidates,
      slot: this.#slot,
      reason: bounded(this.#reason, maxReasonCharacters),
      state: this.#state,
      wait_ms: orNull(this.#waitMs),
      load_ms: orNull(this.#waited?.loadMs ?? null),
      queue_ms: orNull(this.#waited?.queueMs ?? null),
      priority: this.#priority,
      position: this.#position,
      first_byte_ms: orNull(firstByteAt === null ? null : firstByteAt - this.#arrival),
      duration_ms: rounded(this.#elapsed()),
      status,
      outcome,
      code,
      message: this.#message === null ? null : bounded(this.#message, maxReasonCharacters),
      streamed,
      prompt_tokens: tokens?.prompt ?? null,
      cached_tokens: tokens?.cached ?? null,
      completion_tokens: tokens?.completion ?? null,
      tokens_per_second: perSecond ?? this.#rate(tokens?.completion ?? null, streamed ? firstByteAt : null),
    }
  }

  /** How fast what followed the first token of a stream came; null: it is not known. */
  #rate(completion: number | null, firstByteAt: number | null): number | null {
    if (firstByteAt === null || completion === null || completion < 2) return null
    const seconds = (performance.now() - firstByteAt) / 1000
    return seconds > 0 ? Math.round(((completion - 1) / seconds) * 100) / 100 : null
  }

  #elapsed(): number {
    return performance.now() - this.#arrival
  }
}
