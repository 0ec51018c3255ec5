/** `/openapi.json`: OpenAPI 3.1, made from the operation table and the few routes outside of it. */
import { type TSchema, Type } from 'typebox'
import { ErrorEnvelope } from '../../contract/error.ts'
import type { Operation } from '../../contract/operations/operation.ts'
import { operations } from '../../contract/operations/operations.ts'
import { LogLines } from '../../contract/operations/slot-operations.ts'
import { SlotName } from '../../contract/slot.ts'
import { inferencePaths } from '../../dispatch/openai.ts'
import { componentSchemas, type JsonSchema, schemaRef } from './openapi-components.ts'

type Content = Record<string, { schema: JsonSchema }>
interface ParameterObject {
  name: string
  in: 'path' | 'query' | 'header'
  required: boolean
  schema: JsonSchema
}
interface ResponseObject {
  description: string
  content?: Content
}
export interface OperationObject {
  operationId: string
  summary: string
  tags: string[]
  parameters?: ParameterObject[]
  requestBody?: { required: boolean; content: Content }
  responses: Record<string, ResponseObject>
}
export interface OpenApiDocument {
  openapi: string
  info: { title: string; version: string; description: string }
  paths: Record<string, Record<string, OperationObject>>
  components: { schemas: Record<string, JsonSchema> }
}

const json = (schema: JsonSchema): Content => ({ 'application/json': { schema } })
const failure = (description: string): ResponseObject => ({ description, content: json(schemaRef(ErrorEnvelope)) })
const failures = {
  '4XX': failure('Refused: the envelope says why and what to do.'),
  '5XX': failure('Failed: the envelope says why. Retry-After is there where waiting helps.'),
}

const parametersOf = (schema: TSchema | undefined, where: ParameterObject['in']): ParameterObject[] => {
  const { properties = {}, required = [] } = (schema ?? {}) as {
    properties?: Record<string, TSchema>
    required?: string[]
  }
  return Object.entries(properties).map(([name, inner]) => ({
    name,
    in: where,
    required: required.includes(name),
    schema: schemaRef(inner),
  }))
}

const statusWords: Record<string, string> = {
  200: 'Done.',
  201: 'Made.',
  202: 'Accepted; it goes on.',
  204: 'Removed.',
}

const fromTable = (name: string, operation: Operation): OperationObject => {
  const parameters = [...parametersOf(operation.params, 'path'), ...parametersOf(operation.query, 'query')]
  const replies = Object.entries(operation.replies).map(([status, schema]): [string, ResponseObject] => [
    status,
    { description: statusWords[status] ?? 'Done.', ...(schema === null ? {} : { content: json(schemaRef(schema)) }) },
  ])
  return {
    operationId: name,
    summary: operation.summary,
    tags: [operation.tag],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(operation.body === undefined
      ? {}
      : { requestBody: { required: true, content: json(schemaRef(operation.body)) } }),
    responses: { ...Object.fromEntries(replies), ...failures },
  }
}

const stream = (operationId: string, tag: string, summary: string, parameters: ParameterObject[]): OperationObject => ({
  operationId,
  summary,
  tags: [tag],
  ...(parameters.length === 0 ? {} : { parameters }),
  responses: {
    200: { description: 'Server-sent events.', content: { 'text/event-stream': { schema: { type: 'string' } } } },
    ...failures,
  },
})

const lastEventId: ParameterObject = {
  name: 'Last-Event-ID',
  in: 'header',
  required: false,
  schema: { type: 'string' },
}
const slotName = parametersOf(Type.Object({ name: SlotName }), 'path')

const streams: Record<string, OperationObject> = {
  '/api/slots/events': stream(
    'slotEvents',
    'slots',
    'Slots: a snapshot, then every transition, progress between them',
    [
      { name: 'name', in: 'query', required: false, schema: { type: 'string', description: 'Only this slot.' } },
      lastEventId,
    ],
  ),
  '/api/slots/{name}/logs/events': stream(
    'slotLogEvents',
    'slots',
    'What the backend prints: a `log` event for each line (a JSON string), a `gap` event ({"bytes"}) where some is missing',
    [...slotName, ...parametersOf(LogLines, 'query'), lastEventId],
  ),
  '/api/models/{id}/pull/events': stream(
    'pullEvents',
    'models',
    'A pull: how it stands, then every change, at most four a second',
    parametersOf(Type.Object({ id: Type.String() }), 'path'),
  ),
  '/api/pulls/events': stream(
    'allPullEvents',
    'models',
    'All pulls: how each stands, then every change, at most four a second of each and always its last',
    [lastEventId],
  ),
  '/api/models/{id}/verify/events': stream(
    'verifyEvents',
    'models',
    'The verification of a model, the current or the next one: how far it is, at most four times a second, until it ends',
    parametersOf(Type.Object({ id: Type.String() }), 'path'),
  ),
  '/api/logs/decisions/events': stream('decisionEvents', 'logs', 'Decisions of the dispatcher as they are made', [
    lastEventId,
  ]),
}

const anyObject: JsonSchema = { type: 'object', additionalProperties: true }
const openAi = (operationId: string, summary: string, extra: Partial<OperationObject> = {}): OperationObject => ({
  operationId,
  summary,
  tags: ['openai'],
  ...extra,
  responses: { 200: { description: "The backend's answer.", content: json(anyObject) }, ...failures },
})

/** What a backend itself answers passes through unchanged. */
const orItsBackends = (description: string): ResponseObject => ({
  description: `${description} Or the backend's own answer, as it came: most give an object with "error".`,
  content: json({ anyOf: [schemaRef(ErrorEnvelope), anyObject] }),
})

const inference = (path: string): OperationObject => ({
  operationId: path.slice('/v1/'.length).replaceAll(/[/-](\w)/g, (_, letter: string) => letter.toUpperCase()),
  summary: 'Answered by the slot that `model` names: a slot, a registry ref or an alias',
  tags: ['openai'],
  requestBody: {
    required: true,
    content: json({ ...anyObject, properties: { model: { type: 'string' } }, required: ['model'] }),
  },
  responses: {
    200: {
      description: "The backend's answer, as it came; events where the request asks for a stream.",
      content: { ...json(anyObject), 'text/event-stream': { schema: { type: 'string' } } },
    },
    '4XX': orItsBackends(failures['4XX'].description),
    '5XX': orItsBackends(failures['5XX'].description),
  },
})

/** @param version of hal0 */
export const openApiDocument = (version: string): OpenApiDocument => {
  const paths: OpenApiDocument['paths'] = {}
  for (const [name, operation] of Object.entries<Operation>(operations)) {
    const methods = paths[operation.path] ?? {}
    methods[operation.method.toLowerCase()] = fromTable(name, operation)
    paths[operation.path] = methods
  }
  for (const [path, operation] of Object.entries(streams)) paths[path] = { get: operation }
  paths['/v1/models'] = { get: openAi('openaiModels', 'Slots, aliases and registry refs that may be asked for') }
  paths['/v1/models/{id}'] = {
    get: openAi('openaiModel', 'One of them', {
      parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
    }),
  }
  for (const path of inferencePaths.keys()) paths[path] = { post: inference(path) }
  return {
    openapi: '3.1.0',
    info: {
      title: 'hal0',
      version,
      description: 'Slots, models and engines of one home server, and the OpenAI API that they answer.',
    },
    paths,
    components: { schemas: componentSchemas() },
  }
}
