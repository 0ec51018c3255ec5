/** What the requests of each slot add up to. Counting one allocates nothing, once its slot, endpoint and code were seen before. */
import type { Decision } from '../../contract/logs/decision.ts'
import type { Exposition } from './exposition.ts'
import { getOrMake } from './get-or-make.ts'
import { Histogram } from './histogram.ts'

/** Seconds. A request that has to wait for a large model takes minutes. */
const waitBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600]
const firstTokenBounds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320]
const rateBounds = [1, 2, 5, 10, 15, 20, 30, 40, 60, 80, 100, 150, 200, 300, 500, 1000]

/** How many requests ended in one way. */
class Tally {
  count = 0
}

/** By endpoint, status and code. Maps inside of maps, since a joined key would be a new string for each request. */
type Tallies = Map<string, Map<number, Map<string, Tally>>>

const tally = (): Tally => new Tally()
const byCodes = (): Map<string, Tally> => new Map()
const byStatus = (): Map<number, Map<string, Tally>> => new Map()

class SlotFigures {
  readonly requests: Tallies = new Map()
  readonly wait = new Histogram(waitBounds)
  readonly firstToken = new Histogram(firstTokenBounds)
  readonly rate = new Histogram(rateBounds)
  promptTokens = 0
  cachedTokens = 0
  completionTokens = 0

  count({ path, status, code }: Decision): void {
    const byCode = getOrMake(getOrMake(this.requests, path, byStatus), status, byCodes)
    getOrMake(byCode, code ?? '', tally).count++
  }
}

const slotFigures = (): SlotFigures => new SlotFigures()

export class RequestMetrics {
  /** By slot; '' for requests that reached none. */
  readonly #slots = new Map<string, SlotFigures>()

  observe(decision: Decision): void {
    const name = decision.slot ?? ''
    const figures = getOrMake(this.#slots, name, slotFigures)
    figures.count(decision)
    if (decision.wait_ms !== null) figures.wait.observe(decision.wait_ms / 1000)
    // Only of a stream is the first byte the first token.
    if (decision.streamed && decision.first_byte_ms !== null) figures.firstToken.observe(decision.first_byte_ms / 1000)
    if (decision.tokens_per_second !== null) figures.rate.observe(decision.tokens_per_second)
    figures.promptTokens += decision.prompt_tokens ?? 0
    figures.cachedTokens += decision.cached_tokens ?? 0
    figures.completionTokens += decision.completion_tokens ?? 0
  }

  /** Forgets slots that are gone. @param exists whether there is a slot of that name */
  prune(exists: (slot: string) => boolean): void {
    for (const name of this.#slots.keys()) if (name !== '' && !exists(name)) this.#slots.delete(name)
  }

  write(to: Exposition): void {
    to.family(
      'hal0_requests_total',
      'counter',
      'Requests for inference that have ended, by HTTP status and error code.',
    )
    for (const [slot, { requests }] of this.#slots) {
      for (const [endpoint, statuses] of requests) {
        for (const [status, codes] of statuses) {
          for (const [code, { count }] of codes) {
            to.sample('hal0_requests_total', { slot, endpoint, status: String(status), code }, count)
          }
        }
      }
    }
    this.#histogram(to, 'hal0_request_wait_seconds', 'Arrival of a request to its place at the backend.', 'wait')
    this.#histogram(
      to,
      'hal0_time_to_first_token_seconds',
      'Arrival of a streaming request to its first token.',
      'firstToken',
    )
    this.#histogram(to, 'hal0_tokens_per_second', 'How fast answers were generated.', 'rate')
    this.#counter(to, 'hal0_prompt_tokens_total', 'Tokens of prompts, cached ones included.', 'promptTokens')
    this.#counter(to, 'hal0_cached_tokens_total', 'Tokens of prompts that the backend already had.', 'cachedTokens')
    this.#counter(to, 'hal0_completion_tokens_total', 'Generated tokens.', 'completionTokens')
  }

  #histogram(to: Exposition, name: string, help: string, which: 'wait' | 'firstToken' | 'rate'): void {
    to.family(name, 'histogram', help)
    for (const [slot, figures] of this.#slots) if (slot !== '') to.histogram(name, { slot }, figures[which])
  }

  #counter(
    to: Exposition,
    name: string,
    help: string,
    which: 'promptTokens' | 'cachedTokens' | 'completionTokens',
  ): void {
    to.family(name, 'counter', help)
    for (const [slot, figures] of this.#slots) if (slot !== '') to.sample(name, { slot }, figures[which])
  }
}
