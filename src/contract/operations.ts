/**
 * The operation table: every JSON route of the API with its schemas. Elysia's routes, `/openapi.json`, the CLI's client
 * and the dashboard are made from it, so that no wire type is written twice.
 */
import { type Static, type TSchema, Type } from 'typebox'
import { Engine, EngineInstall, EngineUse } from './engine.ts'
import { ModelEntry, ModelImport, ModelVerification } from './model.ts'
import { HubHit, HubRepository, ModelDrift, Pull, PullLeftover, PullRequest } from './pull.ts'
import { Slot, SlotCreate, SlotName, SlotPatch, SwapRequest } from './slot.ts'
import { Decision, Health, Status } from './system.ts'

export interface Operation {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** OpenAPI notation: parameters in braces. */
  path: string
  summary: string
  tag: string
  /** Path parameters. */
  params?: TSchema
  query?: TSchema
  body?: TSchema
  /** Schema of each JSON answer by status; null: no body. */
  replies: Record<number, TSchema | null>
}

const op = <const T extends Operation>(operation: T): T => operation
const name = Type.Object({ name: SlotName }, { additionalProperties: false })
const id = Type.Object({ id: Type.String() }, { additionalProperties: false })
/** `?wait=SECONDS`: answer once the slot got there, at most a day. */
const wait = Type.Object(
  { wait: Type.Optional(Type.Number({ minimum: 0, maximum: 86_400 })) },
  { additionalProperties: false },
)
const Empty = Type.Object({}, { additionalProperties: false })
const command = <const V extends string>(verb: V, summary: string) =>
  op({
    method: 'POST',
    path: `/api/slots/{name}/${verb}`,
    tag: 'slots',
    summary,
    params: name,
    query: wait,
    replies: { 200: Slot, 202: Slot },
  })

export const operations = {
  health: op({
    method: 'GET',
    path: '/api/health',
    tag: 'daemon',
    summary: 'The process is up',
    replies: { 200: Health },
  }),
  status: op({
    method: 'GET',
    path: '/api/status',
    tag: 'daemon',
    summary: 'The daemon in short',
    replies: { 200: Status },
  }),

  listSlots: op({
    method: 'GET',
    path: '/api/slots',
    tag: 'slots',
    summary: 'All slots',
    replies: { 200: Type.Array(Slot) },
  }),
  createSlot: op({
    method: 'POST',
    path: '/api/slots',
    tag: 'slots',
    summary: 'Create a slot',
    body: SlotCreate,
    replies: { 201: Slot },
  }),
  showSlot: op({
    method: 'GET',
    path: '/api/slots/{name}',
    tag: 'slots',
    summary: 'One slot',
    params: name,
    replies: { 200: Slot },
  }),
  editSlot: op({
    method: 'PATCH',
    path: '/api/slots/{name}',
    tag: 'slots',
    summary: 'Change the configuration; what the backend was started with changes at the next load',
    params: name,
    body: SlotPatch,
    replies: { 200: Slot },
  }),
  deleteSlot: op({
    method: 'DELETE',
    path: '/api/slots/{name}',
    tag: 'slots',
    summary: 'Delete an offline slot',
    params: name,
    replies: { 204: null },
  }),
  loadSlot: command('load', 'Load the model; joins a load under way'),
  unloadSlot: command('unload', 'Stop the backend'),
  restartSlot: command('restart', 'Stop the backend and load again'),
  acknowledgeSlot: command('acknowledge', 'Acknowledge an error'),
  cancelSlot: command('cancel', 'Cancel the load under way'),
  swapSlot: op({
    method: 'POST',
    path: '/api/slots/{name}/swap',
    tag: 'slots',
    summary: 'Put another model into the slot and load it',
    params: name,
    query: wait,
    body: SwapRequest,
    replies: { 200: Slot, 202: Slot },
  }),
  slotLogs: op({
    method: 'GET',
    path: '/api/slots/{name}/logs',
    tag: 'slots',
    summary: 'The last lines that the backend printed',
    params: name,
    query: Type.Object(
      { lines: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })) },
      { additionalProperties: false },
    ),
    replies: { 200: Type.Array(Type.String()) },
  }),

  listModels: op({
    method: 'GET',
    path: '/api/models',
    tag: 'models',
    summary: 'The registry',
    replies: { 200: Type.Array(ModelEntry) },
  }),
  importModel: op({
    method: 'POST',
    path: '/api/models',
    tag: 'models',
    summary: "Register a GGUF file of the server's disk",
    body: ModelImport,
    replies: { 201: ModelEntry },
  }),
  showModel: op({
    method: 'GET',
    path: '/api/models/{id}',
    tag: 'models',
    summary: 'One model',
    params: id,
    replies: { 200: ModelEntry },
  }),
  deleteModel: op({
    method: 'DELETE',
    path: '/api/models/{id}',
    tag: 'models',
    summary: 'Remove a model with its files',
    params: id,
    replies: { 204: null },
  }),
  verifyModel: op({
    method: 'POST',
    path: '/api/models/{id}/verify',
    tag: 'models',
    summary: 'Hash the files again and compare',
    params: id,
    replies: { 200: ModelVerification },
  }),

  pullModel: op({
    method: 'POST',
    path: '/api/models/{id}/pull',
    tag: 'models',
    summary: 'Fetch a model from the hub, or join the same pull under way',
    params: id,
    body: PullRequest,
    replies: { 202: Pull },
  }),
  showPull: op({
    method: 'GET',
    path: '/api/models/{id}/pull',
    tag: 'models',
    summary: 'How a pull stands',
    params: id,
    replies: { 200: Pull },
  }),
  cancelPull: op({
    method: 'DELETE',
    path: '/api/models/{id}/pull',
    tag: 'models',
    summary: 'Cancel a pull; what was received is kept for the next one',
    params: id,
    query: Type.Object(
      { discard: Type.Optional(Type.Boolean({ description: 'Remove what was received.' })) },
      { additionalProperties: false },
    ),
    replies: { 200: Pull },
  }),
  listPulls: op({
    method: 'GET',
    path: '/api/pulls',
    tag: 'models',
    summary: 'Every pull since the daemon started',
    replies: { 200: Type.Array(Pull) },
  }),
  listPullLeftovers: op({
    method: 'GET',
    path: '/api/pulls/leftovers',
    tag: 'models',
    summary: 'What interrupted pulls have left on the disk',
    replies: { 200: Type.Array(PullLeftover) },
  }),
  clearPullLeftovers: op({
    method: 'DELETE',
    path: '/api/pulls/leftovers',
    tag: 'models',
    summary: 'Remove what pulls that are not under way have left',
    replies: { 200: Type.Array(PullLeftover) },
  }),
  searchHub: op({
    method: 'GET',
    path: '/api/hub/models',
    tag: 'hub',
    summary: 'GGUF models at the hub',
    query: Type.Object(
      {
        q: Type.Optional(Type.String({ maxLength: 200 })),
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, description: '20' })),
      },
      { additionalProperties: false },
    ),
    replies: { 200: Type.Array(HubHit) },
  }),
  listOutdated: op({
    method: 'GET',
    path: '/api/hub/outdated',
    tag: 'hub',
    summary: 'Which of the models here the hub has otherwise by now',
    replies: { 200: Type.Array(ModelDrift) },
  }),
  showHubRepository: op({
    method: 'GET',
    path: '/api/hub/models/{owner}/{repo}',
    tag: 'hub',
    summary: 'What a repository of the hub offers',
    params: Type.Object({ owner: Type.String(), repo: Type.String() }, { additionalProperties: false }),
    query: Type.Object({ revision: Type.Optional(Type.String({ maxLength: 256 })) }, { additionalProperties: false }),
    replies: { 200: HubRepository },
  }),

  listEngines: op({
    method: 'GET',
    path: '/api/engines',
    tag: 'engines',
    summary: 'The engines',
    replies: { 200: Type.Array(Engine) },
  }),
  installEngine: op({
    method: 'POST',
    path: '/api/engines',
    tag: 'engines',
    summary: 'Install an engine',
    body: EngineInstall,
    replies: { 201: Engine },
  }),
  useEngine: op({
    method: 'POST',
    path: '/api/engines/use',
    tag: 'engines',
    summary: 'Make an engine the default of its provider',
    body: EngineUse,
    replies: { 200: Engine },
  }),
  removeEngine: op({
    method: 'DELETE',
    path: '/api/engines/{id}',
    tag: 'engines',
    summary: 'Remove an installed engine',
    params: id,
    replies: { 204: null },
  }),

  listDecisions: op({
    method: 'GET',
    path: '/api/logs/decisions',
    tag: 'logs',
    summary: 'Decisions of the dispatcher, newest first',
    query: Type.Object(
      {
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
        before: Type.Optional(Type.Integer({ minimum: 1, description: 'Only decisions with a smaller id.' })),
        slot: Type.Optional(Type.String()),
        model: Type.Optional(Type.String()),
      },
      { additionalProperties: false },
    ),
    replies: { 200: Type.Array(Decision) },
  }),
} as const satisfies Record<string, Operation>

export type OperationName = keyof typeof operations

type Has<O, K extends string> = O extends Record<K, infer S extends TSchema> ? Static<S> : undefined
type ReplyOf<R> = { [S in keyof R]: R[S] extends TSchema ? Static<R[S]> : undefined }[keyof R]

/** Static types of one operation, for its handler and for its callers. */
export type Params<N extends OperationName> = Has<(typeof operations)[N], 'params'>
export type Query<N extends OperationName> = Has<(typeof operations)[N], 'query'>
export type Body<N extends OperationName> = Has<(typeof operations)[N], 'body'>
export type Reply<N extends OperationName> = ReplyOf<(typeof operations)[N]['replies']>

/** Body schema of operations without one of their own: nothing, or `{}`. */
export const NoBody = Empty
