/** The operations of `/v1`, for the OpenAPI document. */
import { type TSchema, Type } from 'typebox'
import { Priority } from '../../contract/caller.ts'
import type { Dialect, Endpoint } from '../../contract/endpoints.ts'
import { AnthropicErrorEnvelope, ErrorEnvelope } from '../../contract/error.ts'
import { OpenAiModel, OpenAiModelList } from '../../contract/models/openai-model.ts'
import type { Found } from '../gate/endpoint-table.ts'
import { schemaRef } from './openapi-components.ts'
import { anyObject, failures, json, type OperationObject, parametersOf, type ResponseObject } from './openapi-parts.ts'

/** The list of models, and one of it. */
export const modelRoutes: Record<string, Record<string, OperationObject>> = {
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

const envelopes: Readonly<Record<Dialect, TSchema>> = {
  openai: ErrorEnvelope,
  responses: ErrorEnvelope,
  anthropic: AnthropicErrorEnvelope,
}

/** A backend's own answers are passed on unchanged. */
const orItsBackends = ({ description }: ResponseObject, dialect: Dialect): ResponseObject => ({
  description: `${description} Or the backend's own answer, as it came: most give an object with "error".`,
  content: json({ anyOf: [schemaRef(envelopes[dialect]), anyObject] }),
})

const modelMember = { ...anyObject, properties: { model: { type: 'string' } }, required: ['model'] }
const text = Type.String()
const from = Type.Optional(Type.Integer({ minimum: 0, description: 'The first byte that is wanted.' }))

/** The schema of a request that names its model at the place that the endpoint has for it. */
const requestOf = ({ model }: Endpoint, path: string): Pick<OperationObject, 'parameters' | 'requestBody'> => {
  switch (model) {
    case 'json':
      return { requestBody: { required: true, content: json(modelMember) } }
    case 'multipart':
      return { requestBody: { required: true, content: { 'multipart/form-data': { schema: modelMember } } } }
    case 'query':
      return { parameters: parametersOf(Type.Object({ model: text }), 'query') }
    case 'query-or-none':
      return { parameters: parametersOf(Type.Object({ model: Type.Optional(text) }), 'query') }
    case 'none':
    case 'slot':
      return {}
    case 'stream':
      return path.endsWith('/{id}')
        ? {
            parameters: [
              ...parametersOf(Type.Object({ id: text }), 'path'),
              ...parametersOf(Type.Object({ from }), 'query'),
            ],
          }
        : { parameters: parametersOf(Type.Object({ conv_id: text, from }), 'query') }
  }
}

/** `/v1/audio/speech` → `audioSpeech` */
const nameOf = ({ method }: Endpoint, path: string): string =>
  `${method === 'DELETE' ? 'delete/' : ''}${path.slice('/v1/'.length)}`
    .replaceAll(/[{}]/g, '')
    .replaceAll(/[/_-](\w)/g, (_, letter: string) => letter.toUpperCase())

const ofModel = 'Answered by the slot that `model` names: a slot, a registry ref or an alias'
const ofStream =
  'Answered by the slot that keeps the stream: its id is the X-Conversation-Id of the request that began it'

const headers = Type.Object({
  'X-Hal0-Priority': Type.Optional(
    Type.Enum(Priority.enum, {
      description: 'Whose turn it is where requests wait for a place. It can only lower the priority of a key.',
    }),
  ),
})

type Asked = Pick<OperationObject, 'parameters' | 'requestBody'>

/** Every endpoint takes the header of the priority. */
const withPriority = ({ parameters = [], ...rest }: Asked): Asked => ({
  ...rest,
  parameters: [...parameters, ...parametersOf(headers, 'header')],
})

/** An endpoint at one of its paths. */
export const inference = ({ endpoint, path }: Found): OperationObject => ({
  operationId: nameOf(endpoint, path),
  summary: endpoint.model === 'stream' ? ofStream : ofModel,
  tags: [endpoint.dialect === 'anthropic' ? 'anthropic' : 'openai'],
  ...withPriority(requestOf(endpoint, path)),
  responses: {
    200: {
      description: "The backend's answer, as it came; events where the request asks for a stream.",
      content: { ...json(anyObject), 'text/event-stream': { schema: { type: 'string' } } },
    },
    '4XX': orItsBackends(failures['4XX'], endpoint.dialect),
    '5XX': orItsBackends(failures['5XX'], endpoint.dialect),
  },
})
