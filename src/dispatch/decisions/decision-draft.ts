/** What the log will say about one request, filled in as it becomes known. */
import type { Caller } from '../../contract/caller.ts'
import type { Decision } from '../../contract/system.ts'
import { bounded } from '../../lib/bounded.ts'

/** Maximum length of a client's name, or of a reason, in the log. The longest valid name has 128 characters. */
const maxModelCharacters = 256
const maxReasonCharacters = 500

/** Rounds milliseconds to the microsecond: further digits are noise in every decision. */
const rounded = (ms: number): number => Math.round(ms * 1000) / 1000

/** How the answer ended. */
export interface Ending extends Pick<Decision, 'status' | 'outcome' | 'code'> {
  streamed: boolean
  /** In terms of `performance.now()`; null: no byte of a body arrived. */
  firstByteAt: number | null
  tokens: { prompt: number | null; completion: number | null } | null
}

export class DecisionDraft {
  readonly requestId: string
  readonly #path: string
  readonly #caller: Caller
  /** Unix time in milliseconds. */
  readonly #time: number
  readonly #arrival = performance.now()
  #model: string | null = null
  #candidates: string[] = []
  #slot: string | null = null
  #reason = ''
  #state: Decision['state'] = null
  #waitMs: number | null = null

  constructor(requestId: string, path: string, caller: Caller, time: number) {
    this.requestId = requestId
    this.#path = path
    this.#caller = caller
    this.#time = time
  }

  /** @param model that the client named; null: none */
  asked(model: string | null): void {
    this.#model = model === null ? null : bounded(model, maxModelCharacters)
  }

  considered(candidates: string[]): void {
    this.#candidates = candidates
  }

  picked({ slot, state }: Pick<Decision, 'slot' | 'state'>, reason: string): void {
    this.#slot = slot
    this.#reason = reason
    this.#state = state
  }

  /** The request got a place. @param met the state that it met */
  leased(met: Decision['state']): void {
    this.#state = met
    this.#waitMs = this.#elapsed()
  }

  /** Why no target was picked. */
  refused(reason: string): void {
    if (this.#reason === '') this.#reason = reason
  }

  ended({ status, outcome, code, streamed, firstByteAt, tokens }: Ending): Decision {
    const { kind, name, address } = this.#caller
    return {
      id: 0,
      time: new Date(this.#time).toISOString(),
      request_id: this.requestId,
      path: this.#path,
      caller: { kind, name, address },
      model: this.#model,
      candidates: this.#candidates,
      slot: this.#slot,
      reason: bounded(this.#reason, maxReasonCharacters),
      state: this.#state,
      wait_ms: this.#waitMs === null ? null : rounded(this.#waitMs),
      first_byte_ms: firstByteAt === null ? null : rounded(firstByteAt - this.#arrival),
      duration_ms: rounded(this.#elapsed()),
      status,
      outcome,
      code,
      streamed,
      prompt_tokens: tokens?.prompt ?? null,
      completion_tokens: tokens?.completion ?? null,
    }
  }

  #elapsed(): number {
    return performance.now() - this.#arrival
  }
}
