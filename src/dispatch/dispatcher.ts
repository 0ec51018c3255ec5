/** Answers inference requests: body → model → route → lease → relay, and one line in the decision log. */
import type { Decision } from '../contract/system.ts'
import { bounded } from '../lib/bounded.ts'
import type { Client } from '../lib/client.ts'
import { Hal0Error } from '../lib/hal0-error.ts'
import type { Answer, IncomingRequest } from '../lib/http/incoming.ts'
import type { WireHeaders } from '../lib/http/wire-headers.ts'
import { log } from '../lib/log.ts'
import type { ModelLookup } from '../models/registry/registry-port.ts'
import type { Lease, SlotDirectory } from '../slots/run/lease.ts'
import { defaultMaxBodyBytes, requireJson, type Taken, takeBody } from './body/body.ts'
import { type BodyBudget, BodyShare } from './body/body-budget.ts'
import type { BodyPieces } from './body/body-pieces.ts'
import type { Decisions } from './decisions/decisions.ts'
import { tokenCounts } from './dialects/usage.ts'
import type { Dispatch } from './dispatch-port.ts'
import { HeapTrim } from './heap-trim.ts'
import { endpointOf } from './openai.ts'
import { relay } from './relay/relay.ts'
import { ClientGone } from './relay/relay-exchange.ts'
import type { RelayReport } from './relay/relay-request.ts'
import { findRoute, modelNotFound, notSupported } from './route.ts'

export interface DispatchDeps {
  slots: SlotDirectory
  models: Pick<ModelLookup, 'get'>
  decisions: Pick<Decisions, 'record'>
  /** The one place where an error becomes an answer is to the right of this folder. */
  refuse(answer: Answer, error: Hal0Error, requestId: string): void
  /** Header lines that every answer of this server carries. */
  headerLines: string
  maxBodyBytes?: number
  /** Memory for all bodies together. */
  bodies: BodyBudget
  /** Aborts when the daemon is to end: whoever waits for a slot hears its reason. */
  stopping?: AbortSignal
  /** Unix time in milliseconds. */
  now?: () => number
}

/** What nginx logs for a client that left before it was answered; nobody receives it. */
const clientClosedRequest = 499

/** A client's own id is taken when it is short and plain, else a random one is made. */
const requestIdOf = (headers: WireHeaders): string => {
  const given = headers.get('x-request-id')
  if (given !== null && /^[\w.:-]{1,128}$/.test(given)) return given
  return crypto.randomUUID().slice(-12)
}

/** What the log keeps of a name that somebody made up, and of a reason. The longest name of anything has 128 characters. */
const maxModelCharacters = 256
const maxReasonCharacters = 500

/** Milliseconds to the microsecond: what follows is noise, and every decision would carry it. */
const rounded = (ms: number): number => Math.round(ms * 1000) / 1000

const heapTrim = new HeapTrim()

/** One request on its way, and what the log will say about it. */
class Passage implements Client {
  readonly #requestId: string
  readonly #request: IncomingRequest
  readonly #path: string
  readonly #answer: Answer
  readonly #deps: DispatchDeps
  readonly #time: number
  readonly #arrival = performance.now()
  #model: string | null = null
  #candidates: string[] = []
  #slot: string | null = null
  #reason = ''
  #state: Decision['state'] = null
  #waitMs: number | null = null
  readonly #share: BodyShare

  constructor(request: IncomingRequest, path: string, answer: Answer, deps: DispatchDeps) {
    this.#request = request
    this.#path = path
    this.#answer = answer
    this.#deps = deps
    this.#time = (deps.now ?? Date.now)()
    this.#requestId = requestIdOf(request.headers)
    this.#share = new BodyShare(deps.bodies)
    heapTrim.began()
  }

  /** Never rejects. */
  async run(): Promise<void> {
    try {
      const read = this.#read()
      // Awaited only when it must be: what is here already, and a place that is free, cost no turn of the event loop.
      const { body, model } = read instanceof Promise ? await read : read
      const acquired = this.#acquire(model)
      await this.#relay(acquired instanceof Promise ? await this.#patiently(acquired) : acquired, body)
    } catch (error) {
      this.#refused(error)
    }
  }

  /** Aborts when the client leaves, and when the daemon is to end: neither waits for a slot any longer. */
  get signal(): AbortSignal {
    const { stopping } = this.#deps
    const { signal } = this.#request
    return stopping === undefined ? signal : AbortSignal.any([signal, stopping])
  }

  async #patiently(waiting: Promise<Lease>): Promise<Lease> {
    const lease = await waiting
    if (!this.#request.signal.aborted) return lease
    lease.release()
    throw new ClientGone()
  }

  #read(): Taken | Promise<Taken> {
    requireJson(this.#request.headers)
    return takeBody(this.#request.body, {
      limit: this.#deps.maxBodyBytes ?? defaultMaxBodyBytes,
      share: this.#share,
      judge: (model) => {
        const refusal = this.#deps.slots.refusal(this.#route(model))
        if (refusal !== null) throw refusal
      },
    })
  }

  #acquire(model: string): Lease | Promise<Lease> {
    return this.#deps.slots.acquire(this.#route(model), this, model)
  }

  /** The name of the slot that is asked for `model`. @throws Hal0Error `model.not_found`, `request.unsupported` */
  #route(model: string): string {
    const { slots, models } = this.#deps
    this.#model = bounded(model, maxModelCharacters)
    const views = slots.views()
    const { mode } = endpointOf(this.#path)
    const route = findRoute(views, model, mode)
    if (route === null) throw modelNotFound(views, model, models.get(model) !== null)
    this.#candidates = route.candidates
    const { slot } = route
    if (slot === null) throw notSupported(views, route, model, mode)
    this.#slot = slot.name
    this.#reason = route.reason
    this.#state = slot.state
    return slot.name
  }

  /** Rejects with what is to be answered instead, while nothing of an answer was sent. */
  #relay(lease: Lease, body: BodyPieces): Promise<void> {
    this.#state = lease.met
    this.#waitMs = this.#elapsed()
    const { headers } = this.#request
    const requestId = this.#requestId
    const { headerLines } = this.#deps
    const { path } = endpointOf(this.#path)
    return relay(
      {
        lease,
        slot: this.#slot ?? '',
        path,
        headers,
        body,
        requestId,
        headerLines,
        answer: this.#answer,
        client: this.#request,
        bodySent: () => this.#share.release(),
      },
      (report) => this.#answered(report),
    )
  }

  #refused(error: unknown): void {
    if (this.#request.signal.aborted) {
      this.#record(clientClosedRequest, 'aborted', null)
      return
    }
    const refusal = Hal0Error.from(error)
    if (refusal.code === 'internal') log.error(`request ${this.#requestId} failed`, refusal.cause ?? refusal)
    if (this.#reason === '') this.#reason = refusal.message
    this.#record(refusal.status, 'error', refusal.code)
    this.#deps.refuse(this.#answer, refusal, this.#requestId)
  }

  #answered(report: RelayReport): void {
    // An error of the backend's own is passed on unchanged; the log still calls it one.
    const outcome = report.outcome === 'ok' && report.status >= 400 ? 'error' : report.outcome
    this.#record(report.status, outcome, report.error?.code ?? null, report)
  }

  #elapsed(): number {
    return performance.now() - this.#arrival
  }

  #record(status: number, outcome: Decision['outcome'], code: Decision['code'], report?: RelayReport): void {
    const tokens = report === undefined ? null : tokenCounts(report.tail)
    const firstByteAt = report?.firstByteAt ?? null
    this.#share.release()
    heapTrim.ended(this.#share.largest)
    this.#deps.decisions.record({
      id: 0,
      time: new Date(this.#time).toISOString(),
      request_id: this.#requestId,
      path: this.#path,
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
      streamed: report?.streamed ?? false,
      prompt_tokens: tokens?.prompt ?? null,
      completion_tokens: tokens?.completion ?? null,
    })
  }
}

export const makeDispatch =
  (deps: DispatchDeps): Dispatch =>
  (request, path, answer) =>
    void new Passage(request, path, answer, deps).run()
