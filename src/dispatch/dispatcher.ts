/** Answers inference requests: body → model → route → lease → rewrite → relay, and one line in the decision log. */
import type { Priority } from '../contract/caller.ts'
import type { Endpoint } from '../contract/endpoints.ts'
import { Hal0Error } from '../lib/hal0-error.ts'
import type { Answer } from '../lib/http/incoming.ts'
import { log } from '../lib/log.ts'
import type { Requester } from '../slots/run/lease.ts'
import { defaultMaxBodyBytes, type Taken, takeBody } from './body/body.ts'
import { BodyShare } from './body/body-budget.ts'
import type { BodyPieces } from './body/body-pieces.ts'
import { modelReader } from './body/model-places.ts'
import { ruledBody } from './body/rules/ruled-body.ts'
import { Capture } from './capture/capture.ts'
import { DecisionDraft, type Ending } from './decisions/decision-draft.ts'
import { generationRate, tokenCounts } from './dialects/usage.ts'
import type { DispatchDeps } from './dispatch-deps.ts'
import type { Dispatch, InferenceCall } from './dispatch-port.ts'
import { HeapTrim } from './heap-trim.ts'
import { refuseRemoteMedia } from './media/refuse-remote.ts'
import { relay } from './relay/relay.ts'
import { ClientGone, type RelayReport } from './relay/relay-request.ts'
import { type Asking, findWay, findWaySoon } from './request-way.ts'
import { askedStream } from './streams/asked-stream.ts'
import { backendPathOf, KeptStreams } from './streams/kept-streams.ts'
import type { Target, TargetLease } from './targets/target.ts'
import { EarlyAnswer, earlyTiming } from './waiting/early-answer.ts'
import { priorityOf, turnsOf } from './waiting/place-in-queue.ts'

interface Parts extends DispatchDeps {
  streams: KeptStreams
}

/** The status that nginx logs for a client that left before it was answered; it is never sent. */
const clientClosedRequest = 499

const heapTrim = new HeapTrim()

/** One request on its way. */
class InferenceRequest implements Requester {
  readonly #call: InferenceCall
  readonly #answer: Answer
  readonly #deps: Parts
  readonly #draft: DecisionDraft
  readonly #share: BodyShare
  readonly #asking: Asking
  /** The answer, if its head was sent while the slot was loading. */
  #early: EarlyAnswer | null = null
  /** What is kept of the request, by a slot that captures. */
  #capture: Capture | null = null

  constructor(call: InferenceCall, answer: Answer, deps: Parts) {
    const { requestId, path, caller } = call
    this.#call = call
    this.#answer = answer
    this.#deps = deps
    this.#draft = new DecisionDraft(requestId, path, caller, (deps.now ?? Date.now)())
    this.#share = new BodyShare(deps.bodies)
    this.#asking = { call, draft: this.#draft, deps }
    heapTrim.began()
  }

  /** Never rejects. */
  async run(): Promise<void> {
    try {
      this.#draft.ranked(priorityOf(this.#call.request.headers, this.#call.caller))
      const read = this.#read()
      // Awaited only if necessary: a body that has arrived, and a free place, cost no turn of the event loop.
      const { body: given, model } = read instanceof Promise ? await read : read
      const found = findWaySoon(this.#asking, model)
      const { target, asked, profile } =
        found instanceof Promise ? await found.then(() => findWay(this.#asking, model)) : found
      const { endpoint } = this.#call
      const media = endpoint.model === 'json' ? refuseRemoteMedia(given, target) : undefined
      if (media !== undefined) await media
      const ruled = ruledBody(given, endpoint.model, target, profile)
      const body = ruled instanceof Promise ? await ruled : ruled
      const acquired = target.acquire(this, asked)
      if (acquired instanceof Promise && target.state === 'offline') this.#waking(target)
      const lease = acquired instanceof Promise ? await this.#patiently(acquired, target, model, body) : acquired
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

  get caller(): string {
    return turnsOf(this.#call.caller)
  }

  get priority(): Priority {
    return this.#draft.priority
  }

  queued(position: number): void {
    this.#draft.queued(position)
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
    const request = { endpoint, requestId, model: model ?? target.name, body }
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
        const way = findWaySoon(this.#asking, model)
        const refusal = way instanceof Promise ? null : way.target.refusal(this)
        if (refusal !== null) throw refusal
      },
    })
  }

  /** Rejects with the error to answer instead, as long as nothing of an answer was sent. */
  #relay(target: Target, lease: TargetLease, body: BodyPieces, endpoint: Endpoint): Promise<void> {
    this.#draft.leased(lease)
    const { request } = this.#call
    const answer = this.#early ?? this.#answer
    if (target.capture) this.#capture = new Capture(answer, body, endpoint.model === 'json')
    const { streams, targets } = this.#deps
    return relay(
      {
        endpoint,
        isKept: streams.keep(this.#call, target.slot, lease.backend, () => targets.list()),
        target,
        lease,
        headers: request.headers,
        body,
        requestId: this.#draft.requestId,
        headerLines: this.#deps.headerLines,
        answer: this.#capture ?? answer,
        client: request,
        bodySent: () => this.#share.release(),
      },
      (report) => this.#answered(report),
    )
  }

  /** The endpoint with the path that the backend has for the stream. */
  async #ofStream(lease: TargetLease): Promise<Endpoint> {
    const { request, endpoint } = this.#call
    return { ...endpoint, backendPath: await backendPathOf(askedStream(request.target), lease) }
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

  /** It may have been turned off while the request ran. */
  #isCaptured(slot: string): boolean {
    return this.#deps.targets.list().some((target) => target.slot === slot && target.capture)
  }

  #record(ending: Ending): void {
    this.#share.release()
    heapTrim.ended(this.#share.largest)
    const decision = this.#draft.ended(ending)
    if (this.#capture !== null && decision.slot !== null && this.#isCaptured(decision.slot)) {
      const { time, request_id, path, model, status, outcome } = decision
      this.#deps.captures.keep(decision.slot, {
        time,
        request_id,
        path,
        model,
        status,
        outcome,
        ...this.#capture.texts(),
      })
    }
    this.#deps.decisions.record(decision)
  }
}

/** For a request of which nothing of a backend's answer reached the client. */
const nothingSent = { streamed: false, firstByteAt: null, tokens: null, perSecond: null }

export const makeDispatch = (deps: DispatchDeps): Dispatch => {
  const parts: Parts = { ...deps, streams: new KeptStreams() }
  return (call, answer) => void new InferenceRequest(call, answer, parts).run()
}
