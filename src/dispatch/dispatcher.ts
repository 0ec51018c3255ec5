/** Answers inference requests: body → model → route → lease → relay, and one line in the decision log. */
import type { Decision } from '../contract/system.ts'
import { Hal0Error } from '../lib/hal0-error.ts'
import { log } from '../lib/log.ts'
import type { ModelLookup } from '../models/registry-port.ts'
import type { Lease, SlotDirectory } from '../slots/lease.ts'
import { defaultMaxBodyBytes, readBody, requireJson } from './body.ts'
import type { Decisions } from './decisions.ts'
import type { Dispatch } from './dispatch-port.ts'
import { modelOf } from './model.ts'
import { inferencePaths } from './openai.ts'
import { type RelayReport, relay } from './relay.ts'
import { findRoute, modelNotFound } from './route.ts'
import { tokenCounts } from './usage.ts'

export interface DispatchDeps {
  slots: SlotDirectory
  models: Pick<ModelLookup, 'get'>
  decisions: Pick<Decisions, 'record'>
  /** The one place where an error becomes a response is to the right of this folder. */
  respond(error: Hal0Error, requestId: string): Response
  maxBodyBytes?: number
  /** Unix time in milliseconds. */
  now?: () => number
}

/** What nginx logs for a client that left before it was answered; nobody receives it. */
const clientClosedRequest = 499

/** A client's own id is taken when it is short and plain, else a random one is made. */
const requestIdOf = (headers: Headers): string => {
  const given = headers.get('x-request-id')
  if (given !== null && /^[\w.:-]{1,128}$/.test(given)) return given
  return crypto.randomUUID().slice(-12)
}

/** One request on its way, and what the log will say about it. */
class Passage {
  readonly requestId: string
  readonly #request: Request
  readonly #path: string
  readonly #deps: DispatchDeps
  readonly #time: number
  readonly #arrival = performance.now()
  #model: string | null = null
  #candidates: string[] = []
  #slot: string | null = null
  #reason = ''
  #state: Decision['state'] = null
  #waitMs: number | null = null

  constructor(request: Request, path: string, deps: DispatchDeps) {
    this.#request = request
    this.#path = path
    this.#deps = deps
    this.#time = (deps.now ?? Date.now)()
    this.requestId = requestIdOf(request.headers)
  }

  async answer(): Promise<Response> {
    const { slots, models, maxBodyBytes } = this.#deps
    const request = this.#request
    const upstreamPath = inferencePaths.get(this.#path)
    if (upstreamPath === undefined) {
      throw new Hal0Error('request.not_found', `There is no inference endpoint ${this.#path}.`)
    }
    requireJson(request.headers)
    const body = await readBody(request, maxBodyBytes ?? defaultMaxBodyBytes)
    const model = modelOf(body)
    this.#model = model
    const views = slots.views()
    const route = findRoute(views, model)
    if (route === null) throw modelNotFound(views, model, models.get(model) !== null)
    this.#slot = route.slot.name
    this.#reason = route.reason
    this.#candidates = route.candidates
    this.#state = route.slot.state
    const acquired = slots.acquire(route.slot.name, request.signal)
    // Awaited only when it must be: a place that is free costs no turn of the event loop.
    const lease: Lease = acquired instanceof Promise ? await acquired : acquired
    this.#state = lease.met
    this.#waitMs = this.#elapsed()
    return relay(
      {
        lease,
        slot: route.slot.name,
        path: upstreamPath,
        headers: request.headers,
        body,
        requestId: this.requestId,
        gone: request.signal,
      },
      (report) => this.#answered(report),
    )
  }

  refused(error: unknown): Response {
    if (this.#request.signal.aborted) {
      this.#record({ status: clientClosedRequest, outcome: 'aborted' })
      return new Response(null, { status: clientClosedRequest })
    }
    const refusal = Hal0Error.from(error)
    if (refusal.code === 'internal') log.error(`request ${this.requestId} failed`, refusal.cause ?? refusal)
    if (this.#reason === '') this.#reason = refusal.message
    this.#record({ status: refusal.status, outcome: 'error', code: refusal.code })
    return this.#deps.respond(refusal, this.requestId)
  }

  #answered(report: RelayReport): void {
    const tokens = tokenCounts(report.tail)
    this.#record({
      status: report.status,
      // An error of the backend's own is passed on unchanged; the log still calls it one.
      outcome: report.outcome === 'ok' && report.status >= 400 ? 'error' : report.outcome,
      code: report.error?.code ?? null,
      first_byte_ms: report.firstByteAt === null ? null : report.firstByteAt - this.#arrival,
      streamed: report.streamed,
      prompt_tokens: tokens.prompt,
      completion_tokens: tokens.completion,
    })
  }

  #elapsed(): number {
    return performance.now() - this.#arrival
  }

  #record(end: Pick<Decision, 'status' | 'outcome'> & Partial<Decision>): void {
    this.#deps.decisions.record({
      time: new Date(this.#time).toISOString(),
      request_id: this.requestId,
      path: this.#path,
      model: this.#model,
      candidates: this.#candidates,
      slot: this.#slot,
      reason: this.#reason,
      state: this.#state,
      wait_ms: this.#waitMs,
      first_byte_ms: null,
      duration_ms: this.#elapsed(),
      code: null,
      streamed: false,
      prompt_tokens: null,
      completion_tokens: null,
      ...end,
    })
  }
}

export const makeDispatch =
  (deps: DispatchDeps): Dispatch =>
  async (request, path) => {
    const passage = new Passage(request, path, deps)
    try {
      return await passage.answer()
    } catch (error) {
      return passage.refused(error)
    }
  }
