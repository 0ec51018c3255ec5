/** Answers inference requests: body → model → route → lease → rewrite → relay, and one line in the decision log. */
import type { Endpoint } from '../contract/endpoints.ts'
import type { Client } from '../lib/client.ts'
import { Hal0Error } from '../lib/hal0-error.ts'
import type { Answer } from '../lib/http/incoming.ts'
import { log } from '../lib/log.ts'
import { defaultMaxBodyBytes, type Taken, takeBody } from './body/body.ts'
import { BodyShare } from './body/body-budget.ts'
import type { BodyPieces } from './body/body-pieces.ts'
import { modelReader } from './body/model-places.ts'
import { rewrite } from './body/rewrite.ts'
import { DecisionDraft, type Ending } from './decisions/decision-draft.ts'
import { generationRate, tokenCounts } from './dialects/usage.ts'
import type { DispatchDeps } from './dispatch-deps.ts'
import type { Dispatch, InferenceCall } from './dispatch-port.ts'
import { HeapTrim } from './heap-trim.ts'
import { relay } from './relay/relay.ts'
import { ClientGone, type RelayReport } from './relay/relay-request.ts'
import { askedStream, conversationOf } from './streams/asked-stream.ts'
import { backendPathOf, KeptStreams } from './streams/kept-streams.ts'
import { modelNotFound, notSupported } from './targets/no-route.ts'
import { findAnyRoute, findRoute } from './targets/route.ts'
import type { Target, TargetLease } from './targets/target.ts'
import { EarlyAnswer, earlyTiming } from './waiting/early-answer.ts'

interface Parts extends DispatchDeps {
  streams: KeptStreams
}

/** The status that nginx logs for a client that left before it was answered; it is never sent. */
const clientClosedRequest = 499

const heapTrim = new HeapTrim()

/** One request on its way. */
class InferenceRequest implements Client {
  readonly #call: InferenceCall
  readonly #answer: Answer
  readonly #deps: Parts
  readonly #draft: DecisionDraft
  readonly #share: BodyShare
  /** The answer, if its head was sent while the slot was loading. */
  #early: EarlyAnswer | null = null

  constructor(call: InferenceCall, answer: Answer, deps: Parts) {
    const { requestId, path, caller } = call
    this.#call = call
    this.#answer = answer
    this.#deps = deps
    this.#draft = new DecisionDraft(requestId, path, caller, (deps.now ?? Date.now)())
    this.#share = new BodyShare(deps.bodies)
    heapTrim.began()
  }

  /** Never rejects. */
  async run(): Promise<void> {
    try {
      const read = this.#read()
      // Awaited only if necessary: a body that has arrived, and a free place, cost no turn of the event loop.
      const { body, model } = read instanceof Promise ? await read : read
      const routed = this.#routeSoon(model)
      const target = routed instanceof Promise ? await routed.then(() => this.#route(model)) : routed
      const acquired = target.acquire(this, model)
      if (acquired instanceof Promise && target.state === 'offline') this.#waking(target)
      const lease = acquired instanceof Promise ? await this.#patiently(acquired, target, model, body) : acquired
      const { endpoint } = this.#call
      await this.#relay(target, lease, body, endpoint.model === 'stream' ? await this.#ofStream(lease) : endpoint)
    } catch (error) {
      this.#refused(error)
    }
  }

  /** Aborts when the client leaves or the daemon stops: in both cases the wait for a slot ends. */
  get signal(): AbortSignal {
    const { stopping } = this.#deps
    const { signal } = this.#call.request
    return stopping === undefined ? signal : AbortSignal.any([signal, stopping])
  }

  #waking({ slot }: Target): void {
    const { requestId, caller } = this.#call
    if (slot !== null) this.#deps.waking?.(slot, { requestId, caller, time: this.#draft.time })
  }

  async #patiently(
    waiting: Promise<TargetLease>,
    target: Target,
    model: string | null,
    body: BodyPieces,
  ): Promise<TargetLease> {
    const early = this.#watchWait(target, model, body)
    const lease = await waiting.finally(() => {
      early?.stop()
      if (early?.begun) this.#early = early
    })
    if (!this.#call.request.signal.aborted) return lease
    lease.release()
    throw new ClientGone()
  }

  /** @returns null for a request whose answer is no stream */
  #watchWait(target: Target, model: string | null, body: BodyPieces): EarlyAnswer | null {
    const { endpoint } = this.#call
    if (endpoint.streams !== true) return null
    const { requestId } = this.#draft
    const { early = earlyTiming, headerLines } = this.#deps
    const request = { endpoint, requestId, model: model ?? target.name, body: rewrite(body, target.rules) }
    const lines = `${headerLines}x-request-id: ${requestId}\r\n`
    return new EarlyAnswer({ ...request, headerLines: lines, answer: this.#answer, target }, early)
  }

  #read(): Taken | Promise<Taken> {
    const { request, endpoint } = this.#call
    return takeBody(request.body, {
      limit: this.#deps.maxBodyBytes ?? defaultMaxBodyBytes,
      share: this.#share,
      reader: modelReader(endpoint.model, request),
      judge: (model) => {
        const target = this.#routeSoon(model)
        const refusal = target instanceof Promise ? null : target.refusal()
        if (refusal !== null) throw refusal
      },
    })
  }

  /** Like `#route`; a promise if files of slots were just changed by hand: then it is worth another try. */
  #routeSoon(model: string | null): Target | Promise<void> {
    try {
      return this.#route(model)
    } catch (error) {
      const isUnknown = error instanceof Hal0Error && error.code === 'model.not_found'
      const fresh = isUnknown ? this.#deps.targets.freshen() : null
      if (fresh === null) throw error
      return fresh
    }
  }

  /** The target for `model`; null: any target that can do it. @throws Hal0Error `model.not_found`, `stream.not_found`, `request.unsupported` */
  #route(model: string | null): Target {
    const { endpoint, caller } = this.#call
    const { capability } = endpoint
    const { targets: all, models, modes, streams } = this.#deps
    const targets = all.list()
    if (endpoint.model === 'stream') {
      const keeper = streams.targetOf(askedStream(this.#call.request.target), caller, targets)
      this.#draft.picked(keeper, 'keeps the stream')
      return keeper
    }
    this.#draft.asked(model)
    const route = model === null ? findAnyRoute(targets, capability) : findRoute(targets, model, capability)
    if (route === null) throw modelNotFound(targets, model ?? '', model !== null && models.get(model) !== null)
    const { target, reason, candidates } = route
    this.#draft.considered(candidates)
    if (target === null) throw notSupported(targets, route, model, capability, modes)
    this.#draft.picked(target, reason)
    return target
  }

  /** Rejects with the error to answer instead, as long as nothing of an answer was sent. */
  #relay(target: Target, lease: TargetLease, body: BodyPieces, endpoint: Endpoint): Promise<void> {
    this.#draft.leased(lease)
    const { request } = this.#call
    return relay(
      {
        endpoint,
        isKept: this.#keep(target, lease),
        target,
        lease,
        headers: request.headers,
        body: rewrite(body, target.rules),
        requestId: this.#draft.requestId,
        headerLines: this.#deps.headerLines,
        answer: this.#early ?? this.#answer,
        client: request,
        bodySent: () => this.#share.release(),
      },
      (report) => this.#answered(report),
    )
  }

  /** The endpoint with the path that the backend has for the stream. */
  async #ofStream({ origin }: TargetLease): Promise<Endpoint> {
    const { request, endpoint } = this.#call
    return { ...endpoint, backendPath: await backendPathOf(askedStream(request.target), origin) }
  }

  /** Remembers which backend keeps the stream of this request. @returns whether one does */
  #keep({ slot }: Target, { backend }: TargetLease): boolean {
    const { request, endpoint, caller } = this.#call
    if (!backend.keepsStreams || endpoint.method !== 'POST' || endpoint.capability !== 'chat') return false
    const id = conversationOf(request.headers)
    if (id === null) return false
    // As it is now: its process may have been started for this request.
    const keeper = this.#deps.targets.list().find((target) => target.slot === slot)
    if (keeper !== undefined) this.#deps.streams.remember(id, caller, keeper)
    return true
  }

  #refused(error: unknown): void {
    const { request, endpoint } = this.#call
    if (request.signal.aborted) {
      this.#record({ ...nothingSent, status: clientClosedRequest, outcome: 'aborted', code: null })
      return
    }
    const { requestId } = this.#draft
    const refusal = Hal0Error.from(error)
    if (refusal.code === 'internal') log.error(`request ${requestId} failed`, refusal.cause ?? refusal)
    this.#draft.refused(refusal.message)
    if (this.#early !== null) {
      this.#record({ ...nothingSent, streamed: true, status: 200, outcome: 'broken', code: refusal.code })
      this.#early.fail(refusal)
      return
    }
    this.#record({ ...nothingSent, status: refusal.status, outcome: 'error', code: refusal.code })
    this.#deps.refuse(this.#answer, refusal, { requestId, dialect: endpoint.dialect })
  }

  #answered({ outcome, status, error, streamed, firstByteAt, ends }: RelayReport): void {
    if (error !== null) this.#draft.refused(error.message)
    this.#record({
      status,
      // The backend's own error is passed on unchanged, but the log still counts it as an error.
      outcome: outcome === 'ok' && status >= 400 ? 'error' : outcome,
      code: error?.code ?? null,
      streamed,
      firstByteAt,
      tokens: tokenCounts(ends, this.#call.endpoint.usage),
      perSecond: generationRate(ends),
    })
  }

  #record(ending: Ending): void {
    this.#share.release()
    heapTrim.ended(this.#share.largest)
    this.#deps.decisions.record(this.#draft.ended(ending))
  }
}

/** For a request of which nothing of a backend's answer reached the client. */
const nothingSent = { streamed: false, firstByteAt: null, tokens: null, perSecond: null }

export const makeDispatch = (deps: DispatchDeps): Dispatch => {
  const parts: Parts = { ...deps, streams: new KeptStreams() }
  return (call, answer) => void new InferenceRequest(call, answer, parts).run()
}
