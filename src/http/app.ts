/** The HTTP application: gate → Elysia's routes → security headers. */
import { Elysia } from 'elysia'
import type { Status } from '../contract/system.ts'
import type { DecisionLog, Dispatch } from '../dispatch/dispatch-port.ts'
import type { OpenAiModelList } from '../dispatch/openai.ts'
import type { Hal0Error } from '../lib/hal0-error.ts'
import type { SharedCount } from '../lib/shared-count.ts'
import type { CatalogService } from '../models/catalog/catalog-port.ts'
import type { PullService } from '../models/pull-port.ts'
import type { ModelService } from '../models/registry-port.ts'
import type { EngineService } from '../providers/engines/engine-service.ts'
import type { SlotService } from '../slots/service.ts'
import type { SettingsService } from '../system/settings.ts'
import { mountCatalog } from './catalog.ts'
import { mountDaemon } from './daemon.ts'
import { mountDashboard } from './dashboard.ts'
import { mountDocs } from './docs.ts'
import { mountEngines } from './engines.ts'
import { errorResponse, routeNotFound } from './errors.ts'
import { makeGate } from './gate.ts'
import { mountLogs } from './logs.ts'
import { mountModels } from './models.ts'
import { mountPulls } from './pulls.ts'
import { Routes } from './routes.ts'
import { withSecurityHeaders } from './security-headers.ts'
import { mountSettings } from './settings.ts'
import { SlotFeed } from './slot-feed.ts'
import { mountSlots } from './slots.ts'
import { defaultStreamLimits, EventStreams, type StreamLimits } from './sse.ts'
import { mountV1 } from './v1.ts'

export interface AppDeps {
  slots: SlotService
  models: ModelService
  pulls: PullService
  catalog: CatalogService
  engines: EngineService
  settings: SettingsService
  dispatch: Dispatch
  openaiModels: () => OpenAiModelList
  decisions: DecisionLog
  status: () => Status
  version: string
  /** `allowed_hosts` of hal0.toml. */
  allowedHosts: readonly string[]
  /** Counts those that were let in, but for those of whoever follows a pull. */
  requests: SharedCount
  /** Folder of the built dashboard; null: serve none. */
  webDir: string | null
  /** Compare every answer with the operation table; for tests and development. */
  checkReplies?: boolean
  streamLimits?: Partial<StreamLimits>
}

export interface App {
  /**
   * Answers one request. Never rejects.
   * @param keepOpen lets the connection be silent for longer than the server's idle timeout
   */
  handle(request: Request, keepOpen: () => void): Response | Promise<Response>
  /**
   * The same for an inference request whose `path` Bun's own router has found already: past Elysia, which with the getters of
   * a Request and a Response costs a fifth of the relay (npm run bench).
   */
  infer(request: Request, path: string, keepOpen: () => void): Response | Promise<Response>
  /** Open event streams. */
  readonly streams: EventStreams
}

/**
 * Bun registers Elysia's routes natively unless told not to (`systemRouter`), and those would bypass the gate. A host without
 * a dot (`http://nas/`) is only parsed rightly with `standardHostname: false`.
 */
const elysiaOptions = { systemRouter: false, handler: { standardHostname: false } } as const

/** What follows the host, without a query string. */
const pathOf = (url: string): string => {
  const from = url.indexOf('/', url.indexOf('//') + 2)
  const query = url.indexOf('?', from)
  return query < 0 ? url.slice(from) : url.slice(from, query)
}

export const makeApp = async (deps: AppDeps): Promise<App> => {
  const streams = new EventStreams({ ...defaultStreamLimits, ...deps.streamLimits })
  const elysia = new Elysia(elysiaOptions).onError(({ error, code, request }) =>
    errorResponse(code === 'NOT_FOUND' ? routeNotFound(request) : error, request),
  ) as unknown as Elysia
  const routes = new Routes(elysia, deps.checkReplies ?? false)
  mountDaemon(routes, deps.status)
  mountSettings(routes, deps.settings)
  mountSlots(routes, { slots: deps.slots, feed: new SlotFeed(deps.slots, streams), streams })
  mountModels(routes, { models: deps.models, slots: deps.slots, streams })
  mountPulls(routes, { pulls: deps.pulls, streams })
  mountCatalog(routes, deps.catalog)
  mountEngines(routes, deps.engines)
  mountLogs(routes, { decisions: deps.decisions, streams })
  mountV1(routes, deps)
  mountDocs(routes, deps.version)
  routes.refuseOtherMethods()
  if (deps.webDir !== null) await mountDashboard(elysia, deps.webDir)
  elysia.compile()

  const gate = makeGate(deps)
  const refused = (refusal: Hal0Error, request: Request): Response =>
    withSecurityHeaders(errorResponse(refusal, request))
  return {
    streams,
    infer: (request, path, keepOpen) => {
      const refusal = gate('POST', request.headers)
      if (refusal !== null) return refused(refusal, request)
      deps.requests.add()
      return deps.dispatch(request, path, keepOpen)
    },
    handle: (request, keepOpen) => {
      const refusal = gate(request.method, request.headers)
      if (refusal !== null) return refused(refusal, request)
      const path = pathOf(request.url)
      if (!path.endsWith('/pull')) deps.requests.add()
      // Loads and event streams may be silent for longer than any idle timeout.
      if (request.method !== 'GET' || path.endsWith('/events')) keepOpen()
      const answer = elysia.fetch(request)
      return answer instanceof Promise ? answer.then(withSecurityHeaders) : withSecurityHeaders(answer)
    },
  }
}
