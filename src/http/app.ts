/** The HTTP application: gate → Elysia's routes → security headers. */
import { Elysia } from 'elysia'
import type { Caller } from '../contract/caller.ts'
import { type Endpoint, endpoints } from '../contract/endpoints.ts'
import type { Hardware } from '../contract/hardware.ts'
import { operationsWith, providerSchemas } from '../contract/operations/operations.ts'
import type { ConfigSection } from '../contract/slot-config.ts'
import type { Status } from '../contract/system.ts'
import type { DecisionLog } from '../dispatch/decisions/decision-log.ts'
import type { Dispatch } from '../dispatch/dispatch-port.ts'
import { slotUpstream } from '../dispatch/upstream/slot-upstream.ts'
import { systemClock } from '../lib/clock.ts'
import { Hal0Error } from '../lib/hal0-error.ts'
import type { Answer, IncomingRequest } from '../lib/http/incoming.ts'
import type { CatalogService } from '../models/catalog/catalog-port.ts'
import type { FindRoom } from '../models/fit/model-fits.ts'
import type { PullService } from '../models/pull/pull-port.ts'
import type { ModelService } from '../models/registry/registry-port.ts'
import type { CaptureList } from '../observability/capture/capture-store.ts'
import type { WhyService } from '../observability/why/explainer.ts'
import type { EngineService } from '../providers/engines/engine-service.ts'
import type { SlotService } from '../slots/service.ts'
import type { SettingsService } from '../system/config/settings.ts'
import { errorResponse, routeNotFound, sendError } from './answers/errors.ts'
import { securityLines, withSecurityHeaders } from './answers/security-headers.ts'
import { mountKeys } from './api/access/keys.ts'
import type { AccessService } from './api/access/service.ts'
import { mountSessions } from './api/access/sessions.ts'
import { mountSignInPage } from './api/access/sign-in-page.ts'
import { mountCatalog } from './api/catalog.ts'
import { mountDaemon } from './api/daemon.ts'
import { mountEngines } from './api/engines.ts'
import { mountEvents } from './api/events.ts'
import { mountHardware } from './api/hardware.ts'
import { mountLogs, mountObservers } from './api/logs.ts'
import { mountModels } from './api/models.ts'
import { mountPulls } from './api/pulls.ts'
import { mountSettings } from './api/settings.ts'
import { mountSlots } from './api/slots.ts'
import { mountDashboard } from './dashboard.ts'
import { mountDocs } from './docs/docs.ts'
import { openApiDocument } from './docs/openapi.ts'
import { PullFeed } from './feeds/pull-feed.ts'
import { SlotFeed } from './feeds/slot-feed.ts'
import { defaultStreamLimits, EventStreams, type StreamLimits } from './feeds/sse.ts'
import { forbidden } from './gate/callers.ts'
import { Cors } from './gate/cors.ts'
import { EndpointTable } from './gate/endpoint-table.ts'
import { makeGate } from './gate/gate.ts'
import { requestIdOf } from './gate/request-id.ts'
import { respelled, splitTarget } from './gate/spelling.ts'
import { Routes } from './routing/routes.ts'
import { isModels, type ListModels, mountV1 } from './v1.ts'
import { sendResponse, webRequest } from './web-exchange.ts'

export interface AppDeps {
  slots: SlotService
  models: ModelService
  pulls: PullService
  catalog: CatalogService
  /** Looks at the machine. */
  hardware: () => Promise<Hardware>
  /** The memory that models can get now. */
  room: FindRoom
  engines: EngineService
  /** What each provider adds to the configuration of its slots. */
  sections: readonly ConfigSection[]
  settings: SettingsService
  dispatch: Dispatch
  openaiModels: ListModels
  /** Default: those of the contract. */
  inference?: readonly Endpoint[]
  decisions: DecisionLog
  why: WhyService
  captures: CaptureList
  metrics: { text(): string }
  status: () => Status
  version: string
  /** `allowed_hosts` of hal0.toml. */
  allowedHosts: readonly string[]
  access: AccessService
  /** For ids of events: milliseconds that rise with each call. Default: the machine's clock. */
  eventTime?: () => number
  /** Folder of the built dashboard; null: serve none. */
  webDir: string | null
  /** Compare every answer with the operation table; for tests and development. */
  checkReplies?: boolean
  /** Aborts when the daemon stops: requests that wait for a slot are answered at once. */
  stopping?: AbortSignal
  streamLimits?: Partial<StreamLimits>
}

export interface App {
  /** Answers one request. Never throws. */
  answer(request: IncomingRequest, answer: Answer): void
  /** Answers a request that may not be answered otherwise, or could not be read (absent). Never throws. */
  refuse(error: Hal0Error, answer: Answer, request?: IncomingRequest): void
  /** Open event streams. */
  readonly streams: EventStreams
}

/**
 * Unless told not to (`systemRouter`), Bun registers Elysia's routes natively, and those would bypass the gate. A host without a dot
 * (`http://nas/`) is parsed correctly only with `standardHostname: false`.
 */
const elysiaOptions = { systemRouter: false, handler: { standardHostname: false } } as const

const mayWait = /[?&]wait=/

/** The key by which a caller came, itself or by its session. */
const keyNameOf = ({ kind, name }: Caller): string | null => (kind === 'key' || kind === 'session' ? name : null)

/** Whether the dashboard would show nothing: most of it is for admins. A session with less sees what it may. */
const needsSignIn = (target: string, { kind, scope }: Caller): boolean =>
  target === '/' && scope !== 'admin' && kind !== 'session' && kind !== 'key'

const toSignIn = `location: /sign-in\r\ncache-control: no-store\r\n${securityLines}`

/** A request that could not be read, as the log names it. */
const unread = { method: 'a request', target: '' }

export const makeApp = async (deps: AppDeps): Promise<App> => {
  const streams = new EventStreams({ ...defaultStreamLimits, ...deps.streamLimits })
  const table = new EndpointTable(deps.inference ?? Object.values(endpoints))
  const elysia = new Elysia(elysiaOptions).onError(({ error, code, request }) =>
    errorResponse(
      code === 'NOT_FOUND' ? routeNotFound(request) : error,
      request,
      table.dialectOf(new URL(request.url).pathname),
    ),
  ) as unknown as Elysia
  const schemas = providerSchemas(deps.sections)
  const operations = operationsWith(schemas)
  const routes = new Routes(elysia, operations, deps.checkReplies ?? false)
  const { eventTime = Date.now } = deps
  const slotFeed = new SlotFeed(deps.slots, streams, eventTime)
  const pullFeed = new PullFeed(deps.pulls, streams, { ...systemClock, wall: eventTime })
  mountDaemon(routes, deps.status)
  mountSettings(routes, deps.settings)
  mountSlots(routes, {
    slots: deps.slots,
    feed: slotFeed,
    asked: deps.why.asked,
    captures: deps.captures,
    streams,
  })
  mountModels(routes, { models: deps.models, room: deps.room, slots: deps.slots, streams })
  mountPulls(routes, { pulls: deps.pulls, feed: pullFeed })
  mountCatalog(routes, deps.catalog)
  mountHardware(routes, deps.hardware)
  mountEngines(routes, deps.engines)
  mountLogs(routes, { decisions: deps.decisions, streams })
  mountObservers(routes, deps)
  mountEvents(routes, { ...deps, slotFeed, pullFeed, problems: () => deps.status().problems, streams })
  mountKeys(routes, deps.access.keys)
  mountSessions(routes, deps.access.sessions)
  mountSignInPage(routes)
  const inferences = table.all()
  mountV1(routes, { openaiModels: deps.openaiModels, inferences })
  mountDocs(routes, openApiDocument(deps.version, inferences, operations, schemas))
  routes.refuseOtherMethods()
  if (deps.webDir !== null) await mountDashboard(elysia, deps.webDir)
  elysia.compile()

  const { access } = deps
  const { findCaller, ownNames } = access
  const isKnown = (path: string): boolean => isModels(path) || table.has(path)
  const cors = new Cors(access.corsOrigins, (target) => isKnown(splitTarget(respelled(target, isKnown)).path))
  const gate = makeGate({ allowedHosts: deps.allowedHosts, ownNames, findCaller })
  const answerByRoutes = async (
    incoming: IncomingRequest,
    { caller, requestId }: { caller: Caller; requestId: string },
    answer: Answer,
  ): Promise<void> => {
    const { method } = incoming
    const target = respelled(incoming.target, isKnown)
    const fail = (error: unknown): void => sendError(answer, error, { method, url: target, requestId })
    const leave = (): void => fail(deps.stopping?.reason)
    // The requested work continues in the next daemon; only the wait ends.
    if (deps.webDir !== null && needsSignIn(target, caller)) return answer.send(303, toSignIn, null)
    if (mayWait.test(target)) deps.stopping?.addEventListener('abort', leave)
    try {
      const request = webRequest(incoming, target, incoming.headers.get('host') ?? 'localhost')
      const response = withSecurityHeaders(await routes.answer(request, { caller, requestId }))
      response.headers.set('x-request-id', requestId)
      await sendResponse(response, incoming, answer)
    } catch (error) {
      fail(error)
    } finally {
      deps.stopping?.removeEventListener('abort', leave)
    }
  }
  const refuse: App['refuse'] = (error, answer, request) => {
    const { method, target } = request ?? unread
    const requestId = requestIdOf(request?.headers ?? null)
    sendError(answer, error, { method, url: target, requestId }, table.dialectOf(target))
  }
  return {
    streams,
    refuse,
    answer(request, plainAnswer) {
      const { method, target } = request
      const found = table.find(method, target) ?? slotUpstream(method, target)
      const preflight = cors.preflight(request)
      if (preflight !== null) return plainAnswer.send(204, preflight, null)
      const caller = gate(request)
      if (caller instanceof Hal0Error) return refuse(caller, plainAnswer, request)
      const answer = cors.readable(request, caller, plainAnswer)
      const key = keyNameOf(caller)
      request.heldBy(key)
      if (key !== null) access.meter.seen(key)
      const requestId = requestIdOf(request.headers)
      if (found === null) return void answerByRoutes(request, { caller, requestId }, answer)
      // This bypasses Elysia, which costs a fifth of the relay, with the getters of a Request and a Response (npm run bench).
      const { endpoint, path } = found
      const refusal = forbidden(caller, endpoint.scope) ?? (key === null ? null : access.meter.admit(key))
      if (refusal !== null) return refuse(refusal, answer, request)
      deps.dispatch({ request, requestId, endpoint, path, caller }, answer)
    },
  }
}
