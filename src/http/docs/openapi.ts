/** `/openapi.json`: OpenAPI 3.1, made from the operation table and the few routes outside it. */
import { type TSchema, Type } from 'typebox'
import type { ModelPlace } from '../../contract/endpoints.ts'
import { ErrorEnvelope } from '../../contract/error.ts'
import { OpenAiModel, OpenAiModelList } from '../../contract/models/openai-model.ts'
import { type EventStreamRoute, eventStreams } from '../../contract/operations/event-streams.ts'
import type { Operation } from '../../contract/operations/operation.ts'
import type { Operations, ProviderSchemas } from '../../contract/operations/operations.ts'
import type { Found } from '../gate/endpoint-table.ts'
import { Components, type JsonSchema, schemaRef } from './openapi-components.ts'

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

const fromTable = (name: string, operation: Operation, components: Components): OperationObject => {
  const parameters = [...parametersOf(operation.params, 'path'), ...parametersOf(operation.query, 'query')]
  const replies = Object.entries(operation.replies).map(([status, schema]): [string, ResponseObject] => [
    status,
    {
      description: statusWords[status] ?? 'Done.',
      ...(schema === null ? {} : { content: json(components.ref(schema)) }),
    },
  ])
  return {
    operationId: name,
    summary: operation.summary,
    tags: [operation.tag],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(operation.body === undefined
      ? {}
      : { requestBody: { required: true, content: json(components.ref(operation.body)) } }),
    responses: { ...Object.fromEntries(replies), ...failures },
  }
}

const lastEventId: ParameterObject = {
  name: 'Last-Event-ID',
  in: 'header',
  required: false,
  schema: { type: 'string' },
}

const fromStreams = (name: string, { tag, summary, params, query, resumes }: EventStreamRoute): OperationObject => {
  const parameters = [
    ...parametersOf(params, 'path'),
    ...parametersOf(query, 'query'),
    ...(resumes ? [lastEventId] : []),
  ]
  return {
    operationId: name,
    summary,
    tags: [tag],
    ...(parameters.length === 0 ? {} : { parameters }),
    responses: {
      200: { description: 'Server-sent events.', content: { 'text/event-stream': { schema: { type: 'string' } } } },
      ...failures,
    },
  }
}

const anyObject: JsonSchema = { type: 'object', additionalProperties: true }

/** The list of models, and one of it. */
const modelRoutes: OpenApiDocument['paths'] = {
  '/v1/models': {
    get: {
      operationId: 'openaiModels',
      summary: 'Slots, aliases and registry refs that may be asked for',
      tags: ['openai'],
      responses: { 200: { description: 'All of them.', content: json(schemaRef(OpenAiModelList)) }, ...failures },
    },
  },
  '/v1/models/{id}': {
    get: {
      operationId: 'openaiModel',
      summary: 'One of them',
      tags: ['openai'],
      parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
      responses: { 200: { description: 'It.', content: json(schemaRef(OpenAiModel)) }, ...failures },
    },
  },
}

/** A backend's own answers are passed on unchanged. */
const orItsBackends = (description: string): ResponseObject => ({
  description: `${description} Or the backend's own answer, as it came: most give an object with "error".`,
  content: json({ anyOf: [schemaRef(ErrorEnvelope), anyObject] }),
})

const modelMember = { ...anyObject, properties: { model: { type: 'string' } }, required: ['model'] }

/** The schema of a request that names its model at `place`. */
const requestOf = (place: ModelPlace): Pick<OperationObject, 'parameters' | 'requestBody'> => {
  switch (place) {
    case 'json':
      return { requestBody: { required: true, content: json(modelMember) } }
    case 'multipart':
      return { requestBody: { required: true, content: { 'multipart/form-data': { schema: modelMember } } } }
    case 'query':
      return { parameters: parametersOf(Type.Object({ model: Type.String() }), 'query') }
    case 'query-or-none':
      return { parameters: parametersOf(Type.Object({ model: Type.Optional(Type.String()) }), 'query') }
    case 'none':
      return {}
  }
}

const inference = ({ endpoint, path }: Found): OperationObject => ({
  operationId: path.slice('/v1/'.length).replaceAll(/[/-](\w)/g, (_, letter: string) => letter.toUpperCase()),
  summary: 'Answered by the slot that `model` names: a slot, a registry ref or an alias',
  tags: [endpoint.dialect === 'anthropic' ? 'anthropic' : 'openai'],
  ...requestOf(endpoint.model),
  responses: {
    200: {
      description: "The backend's answer, as it came; events where the request asks for a stream.",
      content: { ...json(anyObject), 'text/event-stream': { schema: { type: 'string' } } },
    },
    '4XX': orItsBackends(failures['4XX'].description),
    '5XX': orItsBackends(failures['5XX'].description),
  },
})

/**
 * @param version of hal0
 * @param inferences every path of the endpoint table
 * @param schemas of `operations` that depend on the providers
 */
export const openApiDocument = (
  version: string,
  inferences: readonly Found[],
  operations: Operations,
  { Settings: _, SettingsPatch: __, ...schemas }: ProviderSchemas,
): OpenApiDocument => {
  const components = new Components(schemas)
  const paths: OpenApiDocument['paths'] = {}
  for (const [name, operation] of Object.entries<Operation>(operations)) {
    const methods = paths[operation.path] ?? {}
    methods[operation.method.toLowerCase()] = fromTable(name, operation, components)
    paths[operation.path] = methods
  }
  for (const [name, stream] of Object.entries<EventStreamRoute>(eventStreams)) {
    paths[stream.path] = { get: fromStreams(name, stream) }
  }
  Object.assign(paths, modelRoutes)
  for (const found of inferences) {
    paths[found.path] = { ...paths[found.path], [found.endpoint.method.toLowerCase()]: inference(found) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'hal0',
      version,
      description: 'Slots, models and engines of one home server, and the OpenAI API that they answer.',
    },
    paths,
    components: { schemas: components.all() },
  }
}
