/** The parts that operations of the OpenAPI document are made of. */
import type { TSchema } from 'typebox'
import { ErrorEnvelope } from '../../contract/error.ts'
import { type JsonSchema, schemaRef } from './openapi-components.ts'

export type Content = Record<string, { schema: JsonSchema }>
export interface ParameterObject {
  name: string
  in: 'path' | 'query' | 'header'
  required: boolean
  schema: JsonSchema
}
export interface ResponseObject {
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
export const json = (schema: JsonSchema): Content => ({ 'application/json': { schema } })
const failure = (description: string): ResponseObject => ({ description, content: json(schemaRef(ErrorEnvelope)) })
export const failures = {
  '4XX': failure('Refused: the envelope says why and what to do.'),
  '5XX': failure('Failed: the envelope says why. Retry-After is there where waiting helps.'),
}

export const parametersOf = (schema: TSchema | undefined, where: ParameterObject['in']): ParameterObject[] => {
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

export const anyObject: JsonSchema = { type: 'object', additionalProperties: true }
