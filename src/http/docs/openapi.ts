/** `/openapi.json`: OpenAPI 3.1, made from the operation table and the few routes outside it. */
import { type EventStreamRoute, eventStreams } from '../../contract/operations/event-streams.ts'
import type { Operation } from '../../contract/operations/operation.ts'
import type { Operations, ProviderSchemas } from '../../contract/operations/operations.ts'
import type { Found } from '../gate/endpoint-table.ts'
import { Components, type JsonSchema } from './openapi-components.ts'
import { inference, modelRoutes } from './openapi-inference.ts'
import {
  failures,
  json,
  type OperationObject,
  type ParameterObject,
  parametersOf,
  type ResponseObject,
} from './openapi-parts.ts'

export interface OpenApiDocument {
  openapi: string
  info: { title: string; version: string; description: string }
  paths: Record<string, Record<string, OperationObject>>
  components: { schemas: Record<string, JsonSchema> }
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
